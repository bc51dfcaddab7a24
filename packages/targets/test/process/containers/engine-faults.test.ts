import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { EngineFault } from '@chaosproxy/faults'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ensureBuilt } from '../../../../testing/src/build.ts'
import { engineFaults } from '../../../src/containers/engine-faults.ts'
import { parseDeclaration } from '../../../src/declared/read-declaration.ts'
import { declaredTarget } from '../../../src/declared/target.ts'
import { startKeeper } from '../../../src/keeper/keeper.ts'

type FaultWithoutNodes<Fault = EngineFault> = Fault extends EngineFault ? Omit<Fault, 'nodes'> : never

/**
 * Injects faults into a container whose engine reports these resource limits. Returns the commands that the engine
 * receives. The engine accepts all of them.
 */
async function engineCommands(
  limits: string,
  alive: boolean,
  faults: (node: ReturnType<typeof engineFaults>) => Promise<void>,
  disk?: string,
) {
  await ensureBuilt()
  const directory = mkdtempSync(join(tmpdir(), 'chaos-engine-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const log = join(directory, 'asked.txt')
  writeFileSync(log, '')
  writeFileSync(
    join(directory, 'docker'),
    `#!/bin/sh\n[ "$1" = inspect ] && echo "${limits}" && exit\necho "$@" >> ${log}\n`,
  )
  chmodSync(join(directory, 'docker'), 0o755)
  vi.stubEnv('PATH', [directory, process.env['PATH']].join(delimiter))
  onTestFinished(() => void vi.unstubAllEnvs())
  const keeper = startKeeper(() => {})
  onTestFinished(() => keeper.close())
  const node = engineFaults(
    {
      id: 'n1',
      engine: 'docker',
      name: 'web',
      pid: () => 0,
      placeholders: {},
      disk,
      keeper,
      logPath: join(directory, 'n1.log'),
    },
    {
      life: () => ({ number: 0, alive }),
      ready: async () => {},
      kill: async () => true,
      revive: async () => {},
    },
  )
  await faults(node)
  return readFileSync(log, 'utf8').trim().split('\n')
}

const fault = (harm: FaultWithoutNodes): EngineFault => ({ ...harm, nodes: ['n1'] }) as EngineFault

describe('the requests to a container engine', () => {
  test('a CPU fault sets a CPU share, and the last heal restores the previous limit', async () => {
    const commands = await engineCommands('0 150000 100000 0 0', true, async (node) => {
      const first = await node.injectFault(fault({ kind: 'limit-cpu', share: 0.1 }))
      const second = await node.injectFault(fault({ kind: 'limit-cpu', share: 0.1 }))
      await first.undo()
      await second.undo()
    })
    expect(commands).toEqual([
      'update --cpu-period=100000 --cpu-quota=10000 web',
      'update --cpu-period=100000 --cpu-quota=150000 web',
    ])
  })

  test("a CPU fault sets a number of CPUs if the container's former limit is a number of CPUs", async () => {
    const commands = await engineCommands('1500000000 0 0 0 0', true, async (node) =>
      (await node.injectFault(fault({ kind: 'limit-cpu', share: 0.5 }))).undo(),
    )
    expect(commands).toEqual(['update --cpus 0.5 web', 'update --cpus 1.5 web'])
  })

  test('a memory fault lowers the limit, restores it, and starts a container that the kernel killed', async () => {
    const commands = await engineCommands('0 0 0 1000000000 2000000000', true, async (node) =>
      (await node.injectFault(fault({ kind: 'limit-memory', limitBytes: 64e6 }))).undo(),
    )
    expect(commands).toEqual([
      'update --memory=64000000 --memory-swap=64000000 web',
      'update --memory=1000000000 --memory-swap=2000000000 web',
      'start web',
    ])
  })

  test('the heal of a full disk starts a container that exited meanwhile', async () => {
    const disk = mkdtempSync(join(tmpdir(), 'chaos-disk-'))
    onTestFinished(() => rmSync(disk, { recursive: true, force: true }))
    // Filling this machine's own disk would harm other programs. The file `ballast`, which the fault fills, is
    // therefore a link to `/dev/full`, which cannot grow.
    symlinkSync('/dev/full', join(disk, 'ballast'))
    const isFull = () => existsSync(join(disk, 'ballast'))
    const commands = await engineCommands(
      '',
      true,
      async (node) => {
        const [first, second] = [
          await node.injectFault(fault({ kind: 'fill-disk' })),
          await node.injectFault(fault({ kind: 'fill-disk' })),
        ]
        expect([first.done, isFull()]).toEqual([true, true])
        await first.undo()
        expect(isFull()).toBe(true)
        await second.undo()
        expect(isFull()).toBe(false)
      },
      disk,
    )
    expect(commands.at(-1)).toBe('start web')
  })

  test('no signal is sent to a container that another fault keeps stopped', async () => {
    const commands = await engineCommands('0 0 0 0 0', false, async (node) => {
      const sent = await node.injectFault(fault({ kind: 'signal', signal: 'SIGHUP' }))
      expect(sent.done).toBe(false)
      await sent.undo()
    })
    expect(commands).toEqual([''])
  })

  test('a container fault that is in force when the run ends is undone', async () => {
    const commands = await engineCommands('0 0 0 0 0', true, async (node) => {
      await node.injectFault(fault({ kind: 'signal', signal: 'SIGSTOP' }))
      await node.end()
    })
    expect(commands).toEqual(['kill --signal SIGSTOP web', 'kill --signal SIGCONT web'])
  })
})

test('fill-disk faults of containers need "disk" in the declaration, and clock faults need "clocks"', () => {
  const declaration = { compose: 'c.yaml', nodes: ['a'], client: { kind: 'resp', commands: 'register' } } as const
  const suffering = (more: object, kind: 'fill-disk' | 'clock' = 'fill-disk') =>
    declaredTarget(parseDeclaration({ ...declaration, ...more }, 'mine.json'), {
      where: 'mine.json',
      directory: '.',
    }).supports(kind)
  expect(suffering({})).toMatchObject({ not: expect.stringContaining('"disk" of the declaration gives them some') })
  expect(suffering({ disk: { path: '/data' } })).toBe(true)
  expect(suffering({}, 'clock')).toEqual({ not: expect.stringContaining('"clocks": true'), instead: ['pause'] })
  expect(suffering({ clocks: true }, 'clock')).toBe(true)
  for (const [more, why] of [
    [{ disk: { path: 'data' } }, /must begin with \//],
    [{ compose: { project: 'shop' }, clocks: true }, /"clocks" needs "compose" to be a file/],
    [{ compose: { project: 'shop' }, disk: { path: '/data' } }, /"disk" needs "compose" to be a file/],
  ] as const)
    expect(() => suffering(more)).toThrow(why)
})

test('faults of the container engine are refused for processes outside containers', () => {
  const declaration = { command: 'node server.js {listen}', nodes: 1, client: { kind: 'resp', commands: 'register' } }
  const target = declaredTarget(parseDeclaration(declaration, 'mine.json'), { where: 'mine.json', directory: '.' })
  for (const kind of ['stop', 'restart', 'signal', 'limit-cpu', 'limit-memory'] as const)
    expect(target.supports(kind)).toEqual({ not: 'no container engine runs its nodes', instead: ['kill', 'pause'] })
})
