import { join } from 'node:path'
import { expect } from 'vitest'
import { installed, whySkipped } from '../../proxy/test/real-servers.ts'
import { chaos, chaosHere, root, temporaryDirectory } from './chaos.ts'
import { patientTest, test } from './patient.ts'

const example = (name: string) => join(root, 'examples', 'binary', name)

async function searched(binary: string, ...args: readonly string[]) {
  const fixed = ['--workers', '1', '--shrink', '20ms', '--json', '--out', temporaryDirectory()]
  const { exitCode, stdout, stderr } = await chaos(['fuzz', '--binary', binary, ...fixed, ...args])
  expect(stderr).toBe('')
  return { exitCode, ...JSON.parse(stdout) }
}

test('a program in JavaScript is searched in virtual time, and what is found replays to the byte', async () => {
  const found = await searched(
    `'${process.execPath}' '${example('node.mjs')}'`,
    '--expect',
    'linearizable',
    '--operations',
    '20',
  )
  expect(found).toMatchObject({ exitCode: 1, failures: [{ kind: 'violation' }] })
  const { replay, digest } = found.failures[0]
  const again = await chaos(['replay', replay, '--expect', 'linearizable', '--json'])
  expect(JSON.parse(again.stdout)).toMatchObject({ failures: 1, identical: true, digest })
})

patientTest('one in Python is right as it is, and loses writes if a restart forgets them', async (context) => {
  const python = installed('python3')
  if (python === undefined) context.skip(whySkipped('python3'))
  const binary = `'${python}' '${example('node.py')}'`
  expect(await searched(binary, '--seeds', '8')).toMatchObject({ exitCode: 0, trials: 8, failures: [] })
  expect(await searched(`${binary} --forgetful`, '--seeds', '200')).toMatchObject({
    exitCode: 1,
    failures: [{ cause: 'not linearizable' }],
  })
})

test('a program is one of the things to test, and its command must end its quotes', async () => {
  const refused = async (...args: readonly string[]) => (await chaosHere(['fuzz', '--seeds', '1', ...args])).stderr
  expect(await refused('--binary', 'x', '--protocol', './y.ts')).toBe(
    '--binary and --protocol both say what to test: give one of them.\n',
  )
  expect(await refused('--binary', "python3 'node.py")).toContain('a quote (\') in "python3 \'node.py" does not end')
})
