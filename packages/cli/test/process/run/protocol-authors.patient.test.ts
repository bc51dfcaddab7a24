import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { importUserFile } from '@chaosproxy/targets/user-file'
import { describe, expect } from 'vitest'
import { chaos, chaosHere, root, startProcess, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { installed } from '../../../../testing/src/servers.ts'
import { type ProtocolModule, type SearchSettings, search, simulate } from '../../../src/index.ts'

/** A user's directory with the files that chaos init protocol writes. */
async function withProtocol(): Promise<string> {
  const directory = temporaryDirectory()
  const { exitCode, stdout } = await chaosHere(['init', 'protocol'], { cwd: directory })
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: 'Wrote protocol.ts. Search it: npx chaos fuzz --protocol protocol.ts --time 5s\n',
  })
  return directory
}

const moduleIn = async (directory: string) => (await importUserFile(join(directory, 'protocol.ts'))) as ProtocolModule

describe('chaos init protocol', () => {
  patientTest(
    'chaos init protocol writes a protocol that passes a search, and fails a search with its planted bug',
    async () => {
      const protocol = await moduleIn(await withProtocol())
      expect(await search(protocol, { seeds: 20 })).toMatchObject({ trials: 20, found: undefined, vacuous: [] })
      const { found } = await search(protocol, { bug: 'no-write-back', seeds: 2_000, shrinkMs: 500 })
      expect(found).toMatchObject({ kind: 'violation', cause: 'not linearizable' })
      expect(JSON.parse(found?.replay ?? '{}')).toMatchObject({ kind: 'scenario', target: 'majorities' })
    },
  )

  test('chaos init protocol does not overwrite a file without --force', async () => {
    const directory = await withProtocol()
    writeFileSync(join(directory, 'protocol.ts'), 'mine')
    const { exitCode, stderr } = await chaosHere(['init', 'protocol'], { cwd: directory })
    expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: 'protocol.ts already exists. --force replaces it.\n' })
    expect(readFileSync(join(directory, 'protocol.ts'), 'utf8')).toBe('mine')
    await chaosHere(['init', 'protocol', '--force'], { cwd: directory })
    expect(readFileSync(join(directory, 'protocol.ts'), 'utf8')).toContain('majorities')
  })

  test('the error of chaos init for an unknown argument mentions chaos init protocol', async () => {
    const { exitCode, stderr } = await chaosHere(['init', 'protocoll'], { cwd: temporaryDirectory() })
    expect(stderr).toContain('chaos init protocol')
    expect(exitCode).toBe(3)
  })
})

describe('the simulator as a library', () => {
  test('simulate() judges one run of a protocol, and a second call repeats the run exactly', async () => {
    const protocol = await moduleIn(await withProtocol())
    const same = { seed: 7, faults: ['kill', 'partition'], timeMs: 1_000 }
    const runs = await Promise.all([1, 2].map(() => simulate(protocol, same)))
    const [one, other] = runs.map(({ history }) => [...history.operations.returnTime])
    expect(one).toEqual(other)
    expect(runs[0]?.report.levels['linearizable']?.result).toBe('met')
  })

  test('the library refuses misspelt names, invalid numbers, and a workload that the protocol cannot serve', async () => {
    const protocol = await moduleIn(await withProtocol())
    const settings = [
      [{ faults: ['kil'] }, 'faults: kil: there is no such fault. Did you mean kill?'],
      [{ seedz: 3 }, 'seedz: there is no such setting. Did you mean seed'],
      [{ settings: { zz: 1 } }, 'settings.zz: there is no such setting of majorities'],
      [{ seeds: 0 }, 'seeds: 0 is not a number of seeds. Give a whole number, 1 or more.'],
      [{ seeds: Number.NaN }, 'seeds: NaN is not a number of seeds'],
      [{ workload: 'queue' }, 'majorities does not support enqueue, dequeue, drain, which the workload queue needs.'],
    ] as const
    for (const [given, reason] of settings)
      await expect(search(protocol, given as SearchSettings), reason).rejects.toThrow(reason)
    await expect(simulate(protocol, { nodes: 0 })).rejects.toThrow('nodes: 0 is not a number of nodes')
  })

  test('the library refuses an export that is not a protocol, and an unknown bug, fault or workload', async () => {
    await expect(search({} as ProtocolModule)).rejects.toThrow('the protocol: "name" is not a string')
    const protocol = await moduleIn(await withProtocol())
    await expect(search(protocol, { bug: 'no-write-bak' })).rejects.toThrow('Did you mean no-write-back?')
    await expect(simulate(protocol, { faults: ['kil'] })).rejects.toThrow('Did you mean kill?')
    await expect(simulate(protocol, { workload: 'registr' })).rejects.toThrow('there is no workload "registr"')
  })
})

patientTest(
  'a moved replay file is replayed if its protocol moved along, and otherwise the missing protocol is named',
  async () => {
    const directory = await withProtocol()
    const bug = ['--bug', 'no-write-back', '--seeds', '2000', '--workers', '1', '--shrink', '100ms', '--json']
    const searched = await chaos(['fuzz', '--protocol', 'protocol.ts', ...bug], { cwd: directory })
    const [{ replay }] = JSON.parse(searched.stdout).failures
    const moved = join(directory, 'moved')
    mkdirSync(moved)
    renameSync(join(directory, 'protocol.ts'), join(moved, 'protocol.ts'))
    renameSync(join(directory, 'chaos-results'), join(moved, 'chaos-results'))
    const again = await chaos(['replay', join(moved, replay), '--trust', '--json'], { cwd: temporaryDirectory() })
    expect(JSON.parse(again.stdout)).toMatchObject({ failures: 1, identical: true })
    renameSync(join(moved, 'protocol.ts'), join(moved, 'other.ts'))
    const lost = await chaos(['replay', join('moved', replay)], { cwd: directory })
    expect(lost.stderr).toMatch(
      /is of the protocol in .*protocol\.ts, but there is no such file at .*Give its path: --protocol FILE/,
    )
    expect(lost.exitCode).toBe(3)
    writeFileSync(join(moved, 'other.ts'), `${readFileSync(join(moved, 'other.ts'), 'utf8')}\n// changed`)
    const found = await chaos(['replay', join('moved', replay), '--protocol', join('moved', 'other.ts'), '--json'], {
      cwd: directory,
    })
    expect(existsSync(join(directory, 'protocol.ts'))).toBe(false)
    expect(JSON.parse(found.stdout)).toMatchObject({ failures: 1, identical: true, changed: true })
  },
)

const page = readFileSync(join(root, 'packages', 'protocols', 'docs', 'OWN.md'), 'utf8')
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, block]) => block ?? '')
/** Commands that must find a violation. The other commands must find none. */
const FINDING = ['--bug no-write-back', '--expect linearizable']

/** The words of a command line, without their quotes. */
const wordsOf = (command: string): string[] =>
  (command.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''))

patientTest(
  'the commands on the page for protocol authors exit as described if they are executed in order',
  async () => {
    const cwd = temporaryDirectory()
    symlinkSync(join(root, 'examples'), join(cwd, 'examples'))
    const commands = blocks('sh').flatMap((block) => block.trim().split('\n'))
    expect(commands.length).toBeGreaterThan(5)
    for (const command of commands) {
      const [npx, chaosWord, ...args] = wordsOf(command)
      const [name] = args
      expect([npx, chaosWord]).toEqual(['npx', 'chaos'])
      if (command.includes('python3') && installed('python3') === undefined) continue
      const { exitCode, stdout, stderr } = await chaos(args, { cwd })
      // On a busy machine, a real run may prove nothing.
      const expected = FINDING.some((part) => command.includes(part)) ? [1] : name === 'run' ? [0, 2] : [0]
      expect(expected, `${command}\n${stdout}\n${stderr}`).toContain(exitCode)
    }
  },
)

patientTest('the test on the page for protocol authors passes', async () => {
  const cwd = await withProtocol()
  const code = blocks('ts').find((block) => block.startsWith('// protocol.test.ts')) ?? ''
  writeFileSync(join(cwd, 'protocol.test.ts'), code)
  writeFileSync(join(cwd, 'package.json'), '{"type":"module"}')
  // Without this file, Vitest would use a configuration of a parent directory.
  writeFileSync(join(cwd, 'vitest.config.js'), 'export default {}')
  symlinkSync(join(root, 'node_modules'), join(cwd, 'node_modules'))
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const args = [vitest, 'run', '--testTimeout=120000']
  const { exitCode, stdout, stderr } = await startProcess(process.execPath, args, { cwd }).finished
  expect(exitCode, `${stdout}\n${stderr}`).toBe(0)
  expect(stdout).toMatch(/2 passed/)
})
