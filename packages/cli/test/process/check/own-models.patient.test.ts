import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { check, historyFromEvents, millis } from 'chaosproxy'
import { describe, expect } from 'vitest'
import stack from '../../../../../examples/stack.ts'
import { bin, chaos, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

const example = join(root, 'examples', 'stack.ts')
const history = join(root, 'examples', 'stack.jsonl')

const pushed = [
  '{"process":0,"type":"invoke","f":"push","value":1}',
  '{"process":0,"type":"ok","f":"push","value":1}',
  '{"process":0,"type":"invoke","f":"push","value":2}',
  '{"process":0,"type":"ok","f":"push","value":2}',
]

const fileOf = (name: string, text: string): string => {
  const file = join(temporaryDirectory(), name)
  writeFileSync(file, text)
  return file
}

describe('a user-defined model in a file', () => {
  patientTest(
    'a user-defined model judges a history by every level and by --expect, with a counterexample',
    async () => {
      const args = ['check', history, '--model', example, '--json', '--expect', 'linearizable']
      const { exitCode, stdout } = await chaos(args)
      expect(JSON.parse(stdout)).toMatchObject({
        model: 'stack',
        levels: {
          linearizable: { result: 'violated', counterexample: { operations: expect.any(Array) } },
          sequential: { result: expect.stringMatching(/met|violated/) },
          eventual: { result: expect.stringMatching(/met|violated/) },
        },
      })
      expect(exitCode).toBe(1)
    },
  )

  test('a user-defined model gives the verdict that check() gives with the same model', async () => {
    const events = readFileSync(history, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const report = check(historyFromEvents(events), {
      model: stack,
      initial: null,
      levels: ['linearizable', 'sequential', 'eventual', 'convergent'],
      failedCas: 'drop',
      deadlineMs: millis(10_000),
      memoryBytes: 1e9,
      now: () => millis(performance.now()),
    })
    const { stdout } = await chaos(['check', history, '--model', example, '--json'])
    const { levels, headline } = JSON.parse(stdout)
    expect(headline).toBe(report.headline)
    for (const [level, { result }] of Object.entries(report.levels)) expect(levels[level].result).toBe(result)
  })

  patientTest('judges standard input', async () => {
    const args = [bin, 'check', '-', '--model', example, '--json']
    const { stdout } = spawnSync(process.execPath, args, { input: readFileSync(history), encoding: 'utf8' })
    expect(JSON.parse(stdout)).toMatchObject({ model: 'stack', levels: { linearizable: { result: 'violated' } } })
  })

  test('a user-defined model refuses an unknown operation, and names its line', async () => {
    const other = fileOf('h.jsonl', '{"process":0,"type":"invoke","f":"peek","value":null}\n')
    const { exitCode, stderr } = await chaos(['check', other, '--model', example])
    expect(stderr).toContain(`${other}:1: the stack model does not know the operation "peek"; it knows push, pop, top.`)
    expect(exitCode).toBe(3)
  })
})

/** A test case: what is wrong with the model, the code of the model, and the expected message. */
type Refused = readonly [string, string, RegExp]

describe('a faulty model', () => {
  const model = (apply: string, more = ''): string =>
    `const all = []; export default { name: 'mine', initial: [], key: JSON.stringify, apply(state, { f, value }) { ${apply} } ${more} }`
  const refused: Refused[] = [
    [
      'one that exports nothing',
      'export const stack = 1',
      /: its default export is not a model\. Its default export must be/,
    ],
    [
      'one of the wrong shape',
      'export default { name: "m", initial: 0, apply: 1, key: String }',
      /"apply" is not a function/,
    ],
    ['one that throws as it is loaded', 'throw new Error("oh no")', /does not run: oh no/],
    [
      'one that is named like another',
      model('return [state]').replace("'mine'", "'queue'"),
      /the name of a built-in model/,
    ],
    ['one that throws', model('throw new Error("oh no")'), /h\.jsonl:1: the model threw on "push" of 1: oh no/],
  ]
  const refusedInTime: Refused[] = [
    ['one that never returns', model('for (;;);'), /one of its functions does not return/],
    ['one that changes its state', model('state.push(value); return [state]'), /"apply" changed the state/],
    [
      'one that gives a promise',
      model('return Promise.resolve([state])'),
      /"apply" returned \{\}, which is not \[next, output\]/,
    ],
    ['one that forgets null', model('return [[...state, value], state[9]]'), /an output that is undefined/],
    [
      'one whose key is not a string',
      model('return [state]').replace('JSON.stringify', '() => 1'),
      /"key" returned 1, which is not a string/,
    ],
    ['one that ends the process', model('process.exit(0)'), /it calls process\.exit\(0\)/],
  ]
  const isRefused = async (_: string, text: string, message: RegExp) => {
    const file = fileOf('mine.mjs', text)
    const events = fileOf('h.jsonl', `${pushed.join('\n')}\n`)
    const { exitCode, stderr } = await chaos(['check', events, '--model', file])
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/node:internal|\n\s+at .*packages/)
    expect(exitCode).toBe(3)
  }
  test.each(refused)('a faulty model is reported in one line with exit code 3: %s', isRefused)
  patientTest.each(refusedInTime)(
    'a faulty model is reported in one line with exit code 3 during a check: %s',
    isRefused,
  )

  patientTest('a faulty model is reported with exit code 3 if it allocates without bound', async () => {
    const file = fileOf('mine.mjs', model('for (;;) all.push(new Array(1e5).fill(all.length))'))
    const events = fileOf('h.jsonl', `${pushed.join('\n')}\n`)
    const { exitCode, stderr } = await chaos(['check', events, '--model', file, '--memory', '1MB'])
    expect(stderr).toMatch(/out of memory \(see --memory 1MB\) while its states were explored|does not return/)
    expect(exitCode).toBe(3)
  })
})
