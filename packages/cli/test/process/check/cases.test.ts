import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bin, chaosHere, root, startProcess } from '../../../../testing/src/chaos.ts'

// Small histories modelled on public reports. They are tested only if their directory exists next to the repository.
const cases = join(root, '..', 'shared', 'cases', 'checker')

const LINEARIZABLE = ['--expect', 'linearizable']
const OPENED = ['--initial', '{"a":30,"b":30}']

interface Row {
  readonly file: string
  readonly options: readonly string[]
  readonly exitCode: number
  /** The expected text on stdout, without its line breaks. */
  readonly says: RegExp
  readonly saysNot?: RegExp
}

const row = (file: string, options: readonly string[], exitCode: number, says: RegExp, saysNot?: RegExp): Row => ({
  ...{ file, options: [...options, ...LINEARIZABLE], exitCode, says },
  ...(saysNot === undefined ? {} : { saysNot }),
})

const met = (file: string, options: readonly string[] = []): Row => row(file, options, 0, /LINEARIZABLE/)

/** Removes line breaks, because their places depend on the length of the file's path. */
const unfolded = (printed: string) => printed.replace(/\s+/g, ' ')

/** Printed if nothing contradicts the level, but nothing was read. */
const UNREAD = /no read or poll succeeded.*No level is confirmed/s

const rows: readonly Row[] = [
  row('47b-stale-by-time-fine-by-lines.jsonl', [], 3, /:5: its time .* line 4 .*--order time/s, /-\d/),
  row('47b-stale-by-time-fine-by-lines.jsonl', ['--order', 'time'], 1, /10\.0 s before this read began/),
  row('47-grouped-by-client-time.jsonl', [], 3, /--order time.*--merge/s),
  met('47-grouped-by-client-time.jsonl', ['--order', 'time']),
  row('47-grouped-by-client-t_ns.jsonl', [], 3, /"t_ns" is used instead/),
  row('56a-counter-never-read.jsonl', [], 2, /no read succeeded/),
  row('54a-bank-opens-by-option.jsonl', OPENED, 1, /4 too much appeared/, /overdrawn by/),
  row('14c-bank-fine.edn', ['--model', 'bank'], 0, /opening balances are not given.*--initial '\{"0":30,"1":30\}'/s),
  met('14c-bank-fine.edn', ['--model', 'bank', '--initial', '{"0":30,"1":30}']),
  met('55-pairs-in-json-lines.jsonl', ['--keyed']),
  met('58-answer-of-a-write-has-another-value.edn'),
  row('59-log-offsets-from-one.jsonl', [], 2, UNREAD),
  met('12a-log-large-offsets-with-gaps.jsonl'),
  row('log-append-without-offset.jsonl', [], 2, UNREAD),
  row('49-nil-as-keyword.edn', [], 1, /--initial '":nil"'/),
  met('49-nil-as-keyword.edn', ['--initial', '":nil"']),
  met('46a-one-line-per-operation.jsonl'),
  met('41-history.txt'),
  row('15e-two-named-locks-ok.jsonl', [], 3, /each key is a lock/),
  row('17b-double-cas-amid-40-concurrent.jsonl', [], 1, /violated by 3 operations/),
  row('21-set-read-as-vector-twice.edn', ['--model', 'set'], 1, /1 is in it twice/),
  row('44-ledger.edn', ['--model', 'bank'], 3, /"transfer" of \[3,10\]/, /model threw/),
  row('counter-float-noise-final-reads.jsonl', [], 1, /convergent +✔ met/),
  row('headline-own-write-of-another.jsonl', [], 1, /p0's confirmed write was missing/, /own confirmed write/),
  row('message-handed-out-three-times.jsonl', [], 1, /handed out 3 times/, /twice|×2/),
  row('older-value-then-newer-again.jsonl', [], 1, /n1 answered without/),
  met('nov28-70a-two-and-two-in-one-ms.jsonl'),
  met('nov28-70e-set-in-one-ms.jsonl', ['--order', 'time']),
  row('nov28-71a-epoch-ns-stale-read.jsonl', [], 1, /20 ns before/),
  met('nov28-71b-epoch-ns-fine.jsonl'),
  row('nov28-81a-bank-total-amid-unknown-transfers.jsonl', [], 1, /violated by 2 operations/, /UNKNOWN/),
  row('nov28-79a-read-before-the-failed-write.edn', [], 1, /nobody ever wrote 0/, /had failed/),
  row(
    'nov28-80a-partition-without-times.txt',
    [],
    1,
    /In force then: partition, lines 3 to 9/,
    /No fault explains|ns after/,
  ),
  row('nov28-89a-reentrant-lock.edn', ['--model', 'lock'], 1, /p0 was given the lock twice/, /wo clients/),
  {
    ...row('nov28-unit-intermediate-state.jsonl', [], 1, /Intermediate read \(G1b\)/),
    options: ['--unit', 'request', '--expect', 'serializable'],
  },
  row('nov28-81b-bank-total-opening-given.jsonl', ['--timeout', '10s'], 1, /120 in all, and this read shows 122/),
  met('nov28-72a-result-is-a-status.jsonl'),
  met('nov28-72b-result-true.jsonl'),
  met('nov28-72f-result-acknowledged.jsonl'),
  met('nov28-72i-http-access-log.jsonl'),
  met('nov28-73a-etcd-register-timeout-then-read.edn', ['--keyed']),
  met('nov28-73b-etcd-register-with-cas.edn', ['--keyed']),
  row('nov28-74a-dirty-reads-workload-fine.edn', [], 3, /this is not a register\. .*sed -E/),
  row('nov28-74c-comments-workload-fine.edn', [], 3, /this is not a register\. .*--model set/),
  met('nov28-75a-keyed-cas-of-three.edn', ['--keyed']),
  met('nov28-75a-keyed-cas-of-three.edn'),
  met('nov28-75c-keyed-cas-of-three.jsonl', ['--keyed']),
  row('nov28-75c-keyed-cas-of-three.jsonl', [], 3, /--keyed/),
  met('nov28-76a-jepsen-log-time-in-brackets.log'),
  row('nov28-79a-read-before-the-failed-write.edn', [], 1, /If objects begin so: --initial '0'/),
  met('nov28-83a-bank-balances-as-a-vector.edn', ['--model', 'bank']),
  met('nov28-83a-bank-balances-as-a-vector.edn', ['--model', 'bank', '--initial', '[10,10,10]']),
  row('nov28-83b-bank-balances-as-a-vector-wrong-total.edn', ['--model', 'bank'], 1, /2 too little|2 vanished/),
  row('nov28-85a-final-reads-of-jepsen.edn', ['--model', 'set'], 0, /eventual +✔ met.*convergent +✔ met/s),
  row('nov28-85b-final-reads-pn-counter.edn', ['--model', 'counter'], 0, /eventual +✔ met.*convergent +✔ met/s),
  row('nov28-87a-counter-beyond-2-53.jsonl', [], 3, /9007199254740993 is greater than 2\^53/),
  met('nov28-90a-events.csv'),
  met('nov28-90i-call-and-return.jsonl'),
  met('nov28-90k-keywords-in-json.jsonl'),
  met('nov28-90l-capital-members.jsonl'),
  row('nov28-90n-ts-latency-ok.jsonl', [], 3, /unclear whether "ts" is the time of the call or of the return/),
  row('nov28-90o-invoked-completed-type.jsonl', [], 1, /NOT LINEARIZABLE/),
  met('nov28-90q-porcupine-events.jsonl'),
  met('nov28-90r-etcd-robustness-operations.jsonl'),
  row('nov28-90s-phase-lines.jsonl', [], 0, /2 lines that tell of no operation are left out/),
  row('nov28-90u-broadcast.edn', [], 3, /sed -E 's\/:broadcast\\b\/:add\/'.*--model set/),
  row('nov28-90y-causal.edn', [], 3, /sed -E 's\/:read-init/),
]

/** Histories of transactions are judged by levels of their own. */
const isolated: readonly Row[] = [
  { ...met('nov28-86-f-append-and-read-of-micro-operations.edn', ['--model', 'list-append']), exitCode: 0 },
  { ...met('nov28-90d-awdit-text.txt'), exitCode: 0 },
  { ...met('nov28-90f-dbcop.json'), exitCode: 0 },
].map(({ options, ...rest }) => ({
  ...rest,
  options: options.map((each) => (each === 'linearizable' ? 'serializable' : each)),
  says: /SERIALIZABLE/,
}))

/**
 * Files that are refused. The message proposes a command that changes the file and checks it without `--expect`. The
 * number is the exit code of the proposed command.
 */
const remedies: readonly (readonly [file: string, exitCode: number])[] = [
  ['nov28-74a-dirty-reads-workload-fine.edn', 0],
  ['nov28-74c-comments-workload-fine.edn', 0],
  ['nov28-90u-broadcast.edn', 0],
  ['nov28-90y-causal.edn', 0],
]

describe.skipIf(!existsSync(cases))('chaos check of a history from a public bug report', () => {
  test.each([...rows, ...isolated])(
    'chaos check exits with $exitCode for $file $options',
    async ({ file, options, exitCode, says, saysNot }) => {
      const ended = await chaosHere(['check', join(cases, file), ...options])
      const printed = unfolded(ended.stdout + ended.stderr)
      expect(printed).toMatch(says)
      if (saysNot !== undefined) expect(printed).not.toMatch(saysNot)
      expect(ended.exitCode).toBe(exitCode)
    },
  )

  test.each(remedies)(
    'chaos check refuses %s and proposes a command that ends with exit code %i',
    async (file, exitCode) => {
      const { stderr } = await chaosHere(['check', join(cases, file)])
      const [, command = ''] = /(sed -E .*)/.exec(stderr) ?? []
      const typed = command.replace('npx chaos', `${process.execPath} ${bin}`)
      const ended = await startProcess('/bin/sh', ['-c', typed]).finished
      expect(ended.stdout + ended.stderr).toMatch(/LINEARIZABLE|EVENTUAL/)
      expect(ended.exitCode).toBe(exitCode)
    },
  )

  test('chaos explain and chaos diff accept a history with the options that chaos check proposed', async () => {
    const opened = ['--model', 'bank', '--initial', '{"0":30,"1":30}']
    for (const args of [['explain'], ['diff', join(cases, '14c-bank-fine.edn')]])
      expect((await chaosHere([...args, join(cases, '14c-bank-fine.edn'), ...opened])).exitCode).toBe(0)
  })
})
