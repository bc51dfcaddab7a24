import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { chaos, chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'
import { processesMentioning, until } from '../../processes.ts'

const example = (name: string) => join(root, 'examples', 'binary', name)

async function searched(binary: string, ...args: readonly string[]) {
  const fixed = ['--workers', '1', '--shrink', '20ms', '--json', '--out', temporaryDirectory()]
  const { exitCode, stdout, stderr } = await chaos(['fuzz', '--binary', binary, ...fixed, ...args])
  expect(stderr).toBe('')
  return { exitCode, ...JSON.parse(stdout) }
}

test('a program in JavaScript is searched in virtual time, and its failure is replayed to the byte', async () => {
  const binary = `'${process.execPath}' '${example('node.mjs')}'`
  const found = await searched(binary, '--expect', 'linearizable', '--operations', '20')
  expect(found).toMatchObject({ exitCode: 1, failures: [{ kind: 'violation' }] })
  const { replay, digest } = found.failures[0]
  const again = await chaos(['replay', replay, '--binary', binary, '--expect', 'linearizable', '--json'])
  expect(JSON.parse(again.stdout)).toMatchObject({ failures: 1, identical: true, digest })
})

patientTest(
  'a program in Python passes a search, and is found to lose writes if it restarts without its data',
  async (context) => {
    const python = installed('python3')
    if (python === undefined) context.skip(whySkipped('python3'))
    const binary = `'${python}' '${example('node.py')}'`
    expect(await searched(binary, '--seeds', '8')).toMatchObject({ exitCode: 0, trials: 8, failures: [] })
    expect(await searched(`${binary} --forgetful`, '--seeds', '200')).toMatchObject({
      exitCode: 1,
      failures: [{ cause: 'not linearizable' }],
    })
  },
)

/**
 * Reports whether a process runs this program: its command line ends with the script. The parent of the program does
 * not count. Its command line contains the script, too, but does not end with it.
 */
const isAlive = async (script: string): Promise<boolean> =>
  (await processesMentioning(script)).some((process) => process.trimEnd().endsWith(script))

const ended = (script: string): Promise<void> => until(async () => !(await isAlive(script)), 10_000)

function silent(): { readonly binary: string; readonly script: string } {
  const script = join(temporaryDirectory(), 'silent.mjs')
  writeFileSync(script, 'setInterval(() => {}, 1_000)')
  return { script, binary: `'${process.execPath}' '${script}'` }
}

patientTest('a program that never answers is reported without shrinking, and is terminated', async () => {
  const { binary, script } = silent()
  const found = await searched(binary, '--expect', 'linearizable', '--seeds', '3')
  const [{ sentence, found: size, shrunk }] = found.failures
  expect(sentence).toMatch(/the program wrote no line within 10 s instead of answering/)
  expect(shrunk).toEqual(size)
  await ended(script)
})

patientTest('an interrupt ends the search of a program that never answers, and terminates the program', async () => {
  const { binary, script } = silent()
  const bin = join(root, 'packages', 'cli', 'bin', 'chaos.js')
  const args = [bin, 'fuzz', '--binary', binary, '--expect', 'linearizable', '--workers', '2', '--out']
  const search = spawn(process.execPath, [...args, temporaryDirectory()], { stdio: 'ignore' })
  const exited = new Promise<number | null>((resolve) => search.once('exit', resolve))
  await until(() => isAlive(script))
  const interruptedAt = performance.now()
  search.kill('SIGTERM')
  expect(await exited).toBe(130)
  expect(performance.now() - interruptedAt).toBeLessThan(8_000)
  await ended(script)
})

test('--binary is refused with --protocol, and with an unclosed quote in its command', async () => {
  const refused = async (...args: readonly string[]) => (await chaosHere(['fuzz', '--seeds', '1', ...args])).stderr
  expect(await refused('--binary', 'x', '--protocol', './y.ts')).toBe(
    '--binary and --protocol both choose what to test: give one of them.\n',
  )
  expect(await refused('--binary', "python3 'node.py")).toContain('a quote (\') in "python3 \'node.py" does not end')
})
