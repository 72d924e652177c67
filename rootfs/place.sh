# shellcheck shell=sh disable=SC2154 # the recipe that reads this sets `recipe`
# How a root filesystem comes into being under its name: all at once or not at all. Read by the recipes beside it.
#
# It grows in a temporary directory beside its final place and is renamed there as the very last step. So whatever
# stops a recipe, a directory under the final name is always a complete one; and of several recipes at work at the same
# time the first to finish wins, and the others use what it made.
#
# The recipe sets `recipe`, its name for messages, before it reads this file.

say() { printf '%s: %s\n' "$recipe" "$*" >&2; }

die() {
    say "$*"
    exit 1
}

# place_begin DIR: sets `work`, a temporary directory beside DIR, and `tree` in it, the root filesystem to be.
# Returns 1 where DIR is already there, and nothing is to be done.
place_begin() {
    target=$1
    work=
    child=
    if [ -e "$target" ] || [ -L "$target" ]; then
        [ -d "$target" ] || die "$target is in the way: it is not a directory"
        [ -z "$(ls -A "$target")" ] || return 1
        # An empty directory is no root filesystem; the rename at the end takes its place.
    fi
    trap place_cleanup EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    parent=$(dirname "$target")
    mkdir -p "$parent" || exit 1
    work=$(mktemp -d "$parent/.$(basename "$target").XXXXXXXX") || exit 1
    tree=$work/tree
    mkdir "$tree" || exit 1
}

# Runs a command so that a signal for the recipe ends both at once: a shell in the foreground would wait for it first.
attended() {
    # A signal can come when the child has begun and has no name yet: place_cleanup asks the shell for it then.
    before=${!:-} child=starting
    "$@" &
    child=$!
    wait "$child"
    attended_status=$?
    child=
    return "$attended_status"
}

place_cleanup() {
    if [ "$child" = starting ]; then
        child=${!:-}
        [ "$child" != "$before" ] || child=
    fi
    if [ -n "$child" ]; then
        # It may have ended by itself in this moment.
        kill "$child" 2>/dev/null
        wait "$child" 2>/dev/null
    fi
    if [ -n "$work" ]; then
        # Directories that their owner may not write to are part of some root filesystems.
        chmod -R u+rwX "$work" 2>/dev/null
        rm -rf "$work"
    fi
}

# place_finish: the tree is complete; it takes its name.
place_finish() {
    chmod 755 "$tree" || exit 1
    # rename(2) refuses a directory that is not empty, so nobody's work is ever overwritten.
    if mv -T "$tree" "$target" 2>"$work/mv"; then
        say "$target is ready"
    elif [ -d "$target" ] && [ -n "$(ls -A "$target")" ]; then
        say "$target was made by someone else in the meantime; using that"
    else
        die "cannot rename $tree to $target: $(cat "$work/mv")"
    fi
}
