# A kernel that was started without Landlock.
OUT=$($E '--landlock-rw=/tmp?' --landlock-ro /etc $R /bin/true 2>&1; echo $?)
contains "it is an error" "to /etc: Operation not supported (EOPNOTSUPP)
125" "$OUT"
OUT=$($E '--landlock-ro=/etc?' '--landlock-rw=/tmp?' $R /bin/echo in 2>&1)
contains "or it is said, and the run goes on" "going on without
in" "$OUT"
check "it is said once" "1" "$(echo "$OUT" | grep -c 'going on without')"
check "the scopes are no matter" "in" "$($E $R /bin/echo in)"
