# Landlock's rules for files, on whatever version of it the kernel has.
VERSION=$1
if [ "$VERSION" -ge 3 ]; then
    check "reading" "x" "$($E --landlock-rx /bin --landlock-ro /etc $R /bin/cat /etc/x)"
    check "no writing" "1" "$($E --landlock-rx /bin --landlock-ro /etc $R /bin/sh -c 'echo y >/etc/x' 2>/dev/null; echo $?)"
    check "no emptying" "x" "$($E --landlock-rx /bin --landlock-ro /etc $R /bin/truncate -s 0 /etc/x 2>/dev/null; cat $R/etc/x)"
    check "writing" "0" "$($E --landlock-rx /bin --landlock-rw /etc $R /bin/sh -c 'echo x >/etc/x'; echo $?)"
    check "no executing" "126" "$($E --landlock-ro / $R /bin/true 2>/dev/null; echo $?)"
else
    OUT=$($E --landlock-rx /bin $R /bin/true 2>&1; echo $?)
    contains "too old: an error" "cannot apply a Landlock rule to /bin: truncating cannot be forbidden before Linux 6.2 (EOPNOTSUPP)
*125" "$OUT"
    OUT=$($E '--landlock-rx=/bin?' '--landlock-ro=/etc?' $R /bin/sh -c 'cat /etc/x; echo y >/etc/x; cat /etc/x' 2>&1)
    contains "or as much as can be had, which is said" "(EOPNOTSUPP); going on without
x
*denied
x" "$OUT"
fi
