# ./pridvor test and ./pridvor bench

# Sanitizers where memory is the question; the release build where the whole house runs. One ctest run counts them all:
# build/asan registers its own tests, build/release those of the labels e2e and ui.
run_tests() {
    ensure_packages build run test
    build asan
    build release
    build clang
    build_ui
    if [ $# -gt 0 ]; then
        local labels
        labels="^($(IFS='|'; echo "$*"))\$"
        ctest --test-dir "$ROOT/build/asan" -L "$labels" -LE '^(e2e|ui)$' --output-on-failure --no-tests=ignore
        ctest --test-dir "$ROOT/build/release" -L "$labels" -L '^(e2e|ui)$' --output-on-failure --no-tests=ignore
        case " $* " in *' fuzz '* | *' explore '*) ;; *) return ;; esac
        build fuzz
        ctest --test-dir "$ROOT/build/fuzz" -L "$labels" -L '^(fuzz|explore)$' --output-on-failure -j 2
        return
    fi
    local failed=0
    build fuzz
    ctest --test-dir "$ROOT/build/fuzz" -L '^fuzz$' --output-on-failure --no-tests=ignore -j 2 || failed=1
    ctest --test-dir "$ROOT/build/release" -L '^(e2e|ui)$' --output-on-failure || failed=1
    ctest --test-dir "$ROOT/build/asan" -LE '^(e2e|ui|fuzz)$' --output-on-failure -j 2 || failed=1
    [ "$failed" = 0 ] || die "some tests failed; their output is above"
}

run_bench() { "$ROOT/tests/bench/run.sh"; }
