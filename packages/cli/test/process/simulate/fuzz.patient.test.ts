import { describe, expect } from 'vitest'
import { chaos, chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

const fuzz = (args: readonly string[], out: string) => chaos(['fuzz', '--json', '--out', out, ...args])

describe('chaos fuzz', () => {
  test('chaos fuzz finds a bug, shrinks it, and exits with 1; the replay gives a byte-identical history', async () => {
    const out = temporaryDirectory()
    const { exitCode, stdout } = await fuzz(['--bug', 'stale-read', '--seeds', '400', '--shrink', '5s'], out)
    const found = JSON.parse(stdout)
    expect(found).toMatchObject({ target: 'raft', bug: 'stale-read', level: 'linearizable', found: true })
    const [failure] = found.failures
    expect(failure).toMatchObject({ kind: 'violation', cause: 'not linearizable' })
    expect(failure.shrunk.operations).toBeLessThanOrEqual(12)
    expect(failure.shrunk.faults).toBeLessThanOrEqual(4)
    expect(exitCode).toBe(1)

    const replayed = await chaos(['replay', failure.replay, '--times', '3', '--json'])
    expect(JSON.parse(replayed.stdout)).toMatchObject({ failures: 3, identical: true, digest: failure.digest })
    expect(replayed.exitCode).toBe(1)

    const checked = await chaos(['check', failure.history, '--level', 'linearizable', '--json'])
    expect(JSON.parse(checked.stdout).levels.linearizable.result).toBe('violated')
  })

  test('chaos fuzz searches for the whole duration of --for, even after the first failure', async () => {
    const words = ['fuzz', '--bug', 'stale-read', '--for', '3s', '--shrink', '100ms', '--json']
    const { exitCode, stdout } = await chaosHere([...words, '--out', temporaryDirectory()])
    const { failures, timing } = JSON.parse(stdout)
    expect(exitCode).toBe(1)
    expect(timing.searchMs).toBeGreaterThanOrEqual(3_000)
    expect(failures[0].times).toBeGreaterThan(1)
    const { stderr } = await chaosHere(['fuzz', '--for', '8h', '--seeds', '9'])
    expect(stderr).toContain('--for, --seeds and --time each limit the search: give one of them.')
  })

  test('chaos fuzz shows every remaining operation and fault of a shrunk failure', async () => {
    // Shrinking usually takes much less than 60 s. `--shrink 60s` lets it finish on busy machines, too.
    const args = ['--workload', 'set', '--bug', 'ack-before-majority', '--seeds', '400', '--shrink', '60s']
    const { stdout } = await chaosHere(['fuzz', ...args, '--out', temporaryDirectory()])
    const [, operations, faults] = /to (\d+) operations?, (\d+) faults?/.exec(stdout) ?? []
    expect(Number(operations)).toBeLessThanOrEqual(12)
    expect(stdout.match(/p\d+ (add|remove|read) .*→ n\d/g)?.length).toBeGreaterThanOrEqual(Number(operations))
    expect(Number(faults)).toBeGreaterThan(0)
    expect(stdout).toMatch(/killed|partition|cut|paused|late|lost|clock/)
  })

  test('chaos fuzz writes the model of the workload into its histories', async () => {
    const args = ['--workload', 'set', '--bug', 'ack-before-majority', '--seeds', '400', '--shrink', '100ms']
    const { failures } = JSON.parse((await fuzz(args, temporaryDirectory())).stdout)
    const checked = await chaosHere(['check', failures[0].history, '--json'])
    expect(JSON.parse(checked.stdout)).toMatchObject({ model: 'set', levels: { linearizable: { result: 'violated' } } })
  })

  patientTest(
    'chaos fuzz finds a broken invariant, then a violation that clients see, and writes a replay file for each',
    async () => {
      const { stdout } = await fuzz(
        ['--bug', 'forget-vote', '--seeds', '100', '--shrink', '500ms'],
        temporaryDirectory(),
      )
      const { failures } = JSON.parse(stdout)
      expect(failures).toMatchObject([
        { kind: 'invariant', cause: 'election safety' },
        { kind: 'violation', cause: 'not linearizable', after: 'election safety' },
      ])
      for (const { replay, kind, digest } of failures) {
        const again = await chaos(['replay', replay, '--json'])
        expect(JSON.parse(again.stdout)).toMatchObject({ kind, digest, identical: true })
      }
    },
  )

  patientTest('chaos fuzz finds nothing in the correct Raft, and exits with 0', async () => {
    const { exitCode, stdout } = await fuzz(['--seeds', '60'], temporaryDirectory())
    expect(JSON.parse(stdout)).toMatchObject({ found: false, trials: 60, failures: [] })
    expect(exitCode).toBe(0)
  })

  patientTest('chaos fuzz finds the same failure with one thread and with three threads', async () => {
    const out = temporaryDirectory()
    const seedFound = async (workers: string) => {
      const { stdout } = await fuzz(
        ['--bug', 'no-log-check', '--workers', workers, '--shrink', '100ms', '--no-guide'],
        out,
      )
      return JSON.parse(stdout).failures[0].seed
    }
    expect(await seedFound('1')).toBe(await seedFound('3'))
  })

  patientTest(
    'chaos fuzz shows the operations of clients and nodes in columns over time, and the command to repeat',
    async () => {
      const out = temporaryDirectory()
      const { stdout } = await chaos(['fuzz', '--bug', 'ack-before-majority', '--no-invariants', '--out', out])
      expect(stdout).toMatch(/^ {2}NOT LINEARIZABLE$/m)
      expect(stdout).toMatch(/^ {2}time +(faults +)?clients +n1 +n2/m)
      expect(stdout).toMatch(/p\d+ write/)
      expect(stdout).toMatch(/again {4}npx chaos replay .*not-linearizable\.json/)
    },
  )

  test('chaos fuzz refuses to search if its findings cannot be written', async () => {
    const { exitCode, stdout, stderr } = await chaosHere(['fuzz', '--bug', 'stale-read', '--out', 'package.json'])
    expect(stderr).toBe(
      '--out package.json: cannot make a directory for this run: a part of its path is a file. Choose another directory.\n',
    )
    expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: '' })
  })

  test('chaos fuzz suggests a known bug for a misspelt bug', async () => {
    const { exitCode, stderr } = await chaosHere(['fuzz', '--bug', 'stale-reed'])
    expect(stderr).toContain('stale-read')
    expect(exitCode).toBe(3)
  })
})
