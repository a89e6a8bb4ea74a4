#!/bin/sh
# Casparian in a minute: clean files, damaged files, a file without a parser, and a hopeless one.
#
#   ./demo/demo.sh
#   CASPARIAN="uv run casparian" DEMO_OUT=/tmp/demo ./demo/demo.sh
set -eu

demo=$(dirname -- "$0")
casparian=${CASPARIAN:-casparian}
out=${DEMO_OUT:-./output}
if [ -t 1 ]; then
    bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
else
    bold='' dim='' plain=''
fi

say() {
    printf '\n%s── %s%s\n' "$bold" "$1" "$plain"
}

# run EXIT_CODE ARGUMENT…: shows the command, runs it, and stops the demo at any other exit code.
run() {
    expected=$1
    shift
    if [ "$out" != ./output ]; then
        set -- "$@" --sink "parquet://$out"
    fi
    printf '%s$ casparian %s%s\n' "$dim" "$*" "$plain"
    code=0
    # shellcheck disable=SC2086  # CASPARIAN may be several words
    $casparian "$@" || code=$?
    if [ "$code" -ne "$expected" ]; then
        printf 'demo.sh: exit code %s where %s was expected\n' "$code" "$expected" >&2
        exit 1
    fi
}

say 'A clean month: every row fits the contract'
run 0 run "$demo/parsers/sales" "$demo/data/sales_2024_01.csv"

say 'A damaged month: good rows are written, bad rows wait in quarantine with their reasons'
run 0 run "$demo/parsers/sales" "$demo/data/sales_2024_02.csv"

say 'A machine log: several kinds of record, several outputs'
run 0 run "$demo/parsers/mcdata_parser.py" "$demo/data/mcdata_good.log"

say 'A look at a file before anyone wrote a parser for it; nothing is written'
run 0 run "$demo/parsers/mcdata_parser.py" "$demo/data/sales_2024_01.csv" --whatif

say 'A FIX log: checksums, repeating groups, orders and executions'
run 0 run "$demo/parsers/fix_parser.py" "$demo/data/fix_good.log"

say 'An event stream: one JSON object per line'
run 0 run "$demo/parsers/events_parser.py" "$demo/data/events.jsonl"

say 'A hopeless month: most rows are bad, so nothing of it is published'
run 1 run "$demo/parsers/sales" "$demo/data/sales_2024_03.csv"
if [ -z "$(find "$out/sales" -name 'sales_2024_03-*.quarantine.failed.parquet')" ]; then
    printf 'demo.sh: the failed run left no quarantine in %s/sales\n' "$out" >&2
    exit 1
fi
printf 'It ended with exit code 1, as it should: its rows and reasons are kept, no table was made.\n'

# The queue has a home of its own beside the outputs, and begins anew with each demo.
home=${DEMO_HOME:-./.casparian-demo}
rm -rf "$home"
CASPARIAN_HOME=$(mkdir -p "$home" && cd "$home" && pwd)
export CASPARIAN_HOME

# queue EXIT_CODE ARGUMENT…: as run, for commands that have no sink.
queue() {
    expected=$1
    shift
    printf '%s$ casparian %s%s\n' "$dim" "$*" "$plain"
    code=0
    # shellcheck disable=SC2086
    $casparian "$@" || code=$?
    if [ "$code" -ne "$expected" ]; then
        printf 'demo.sh: exit code %s where %s was expected\n' "$code" "$expected" >&2
        exit 1
    fi
}

say 'Prod mode: the parsers become bundles that never change, each with an environment of its own'
queue 0 parser register "$demo/parsers/"

say 'Files become jobs'
queue 0 enqueue sales "$demo/data/sales_2024_01.csv" "$demo/data/sales_2024_02.csv" \
    "$demo/data/sales_2024_03.csv"
queue 0 enqueue mcdata "$demo/data/mcdata_good.log"

say 'The queue is processed; the hopeless month fails, and the others do not wait for it'
queue 1 process

say 'What became of them'
queue 0 jobs
queue 0 quarantine list --parser sales --limit 3

say "What was made, in $out"
(cd "$out" && find . -type f | sort | sed 's|^\./|  |')

if command -v casparian >/dev/null; then
    casparian=casparian
fi
(cd "$CASPARIAN_HOME" && find outputs -name '*.parquet' | sort | sed 's|^|  |')
say 'Try next'
cat <<END
  Keep a worker running, and feed it:
      export CASPARIAN_HOME=$CASPARIAN_HOME
      $casparian start --watch ./inbox --topic sales
      $casparian jobs --watch

  Look at the queue in the terminal app, and at a parser beside your editor:
      $casparian tui --prod
      $casparian tui $demo/parsers/sales --samples $demo/data/sales_2024_02.csv

  Save the hopeless month. In $demo/parsers/sales/contract.toml write
      date = { type = "date", formats = ["%Y-%m-%d", "%m/%d/%Y"] }
  and run it again:
      $casparian run $demo/parsers/sales $demo/data/sales_2024_03.csv

  See what damage does to a log:
      $casparian run $demo/parsers/mcdata_parser.py $demo/data/mcdata_damaged.log
      $casparian run $demo/parsers/fix_parser.py $demo/data/fix_damaged.log
      $casparian run $demo/parsers/events_parser.py $demo/data/events_damaged.jsonl

  Start a parser of your own from the smallest there is:
      $casparian run $demo/first_parser.py $demo/data/sales_2024_01.csv
END
