import { UserError } from '@chaosproxy/history'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Exit } from '../../../src/command/command-process.ts'
import { superviseNode } from '../../../src/command/supervised-node.ts'
import type { ProgramCommand } from '../../../src/processes/command.ts'

/** Like `Promise.withResolvers` of Node 22. */
function withResolvers<T>() {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((resolvePromise) => {
    resolve = resolvePromise
  })
  return { promise, resolve }
}

test('a node whose start times out is reported as not ready, even if it becomes ready while being killed', async () => {
  const ready = withResolvers<string>()
  const exited = withResolvers<Exit>()
  const died: string[] = []
  const node = superviseNode({
    ...{ id: 'n1', logPath: '/no/such.log', startupTimeoutMs: 1 },
    launch: async () => ({
      ready: ready.promise,
      process: {
        // No process has this pid, so none listens.
        pid: 2 ** 22 + 1,
        command: { file: 'late', args: [] } as never,
        exited: exited.promise,
        async kill() {
          ready.resolve('ready after all')
          await ready.promise
          exited.resolve({ code: null, signal: 'SIGKILL' } as Exit)
        },
        pause: async () => {},
        resume() {},
        end: async () => {},
      },
    }),
    moved() {},
    died: (message) => void died.push(message),
  })
  await expect(node.start()).rejects.toThrow('n1 was not ready within 1 ms.')
  await exited.promise
  expect([died, node.life().alive]).toEqual([[], false])
})

test('a slow start of a node is reported once, with the condition that the node waits for', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const ready = withResolvers<string>()
  const waits: string[] = []
  const node = superviseNode({
    ...{ id: 'n1', logPath: '/no/such.log', startupTimeoutMs: 30_000, awaited: () => 'accepts connections' },
    launch: async () => ({
      ready: ready.promise,
      process: {
        ...{ pid: 2 ** 22 + 1, command: { words: ['server'] }, exited: new Promise<Exit>(() => {}) },
        ...{ kill: async () => {}, pause: async () => {}, resume() {}, end: async () => {} },
      },
    }),
    waits: (text) => void waits.push(text),
    moved() {},
    died() {},
  })
  const started = node.start()
  await vi.advanceTimersByTimeAsync(10_000)
  ready.resolve('ready')
  await started
  expect(waits).toEqual(['n1 is not ready after 4 s; it has 30 s. It is ready once it accepts connections.'])
})

test('a node whose restart failed under a fault is started again after the heal', async () => {
  const refusals: ((error: UserError) => void)[] = []
  const exits: ((exit: Exit) => void)[] = []
  const died: string[] = []
  const node = superviseNode({
    ...{ id: 'n1', logPath: '/no/such.log', startupTimeoutMs: 60_000 },
    async launch(life) {
      const exited = withResolvers<Exit>()
      exits.push(exited.resolve)
      const kill = async () => exited.resolve({ code: null, signal: 'SIGKILL' } as Exit)
      const ready = life === 2 ? new Promise<string>((_, reject) => refusals.push(reject)) : Promise.resolve('ready')
      const command: ProgramCommand = { words: ['server'] }
      return {
        ready,
        process: { pid: 2 ** 22 + 1, command, exited: exited.promise, kill, pause: kill, resume() {}, end: kill },
      }
    },
    moved() {},
    died: (message) => void died.push(message),
  })
  await node.start()
  await node.kill()
  const revived = node.revive()
  await expect.poll(() => refusals).toHaveLength(1)
  // A disk fault begins and is healed while the node starts. Only then does the process end because of the fault.
  node.expectEnd()
  await node.revive()
  exits[1]?.({ code: 1, signal: null } as Exit)
  refusals[0]?.(new UserError('environment', 'n1 did not start again'))
  await revived
  expect([node.life().alive, died]).toEqual([true, []])
})

test('a node that exits because its files are damaged, and stays down, is not reported as trouble', async () => {
  const died: string[] = []
  const lost: string[] = []
  const exits: ((exit: Exit) => void)[] = []
  const node = superviseNode({
    ...{ id: 'n1', logPath: '/no/such.log', startupTimeoutMs: 60_000 },
    async launch(life) {
      const exited = withResolvers<Exit>()
      exits.push(exited.resolve)
      const kill = async () => exited.resolve({ code: null, signal: 'SIGKILL' } as Exit)
      const ready = life < 3 ? Promise.resolve('ready') : Promise.reject(new UserError('environment', 'it refuses'))
      const command: ProgramCommand = { words: ['server'] }
      return {
        ready,
        process: { pid: 2 ** 22 + 1, command, exited: exited.promise, kill, pause: kill, resume() {}, end: kill },
      }
    },
    moved() {},
    died: (message) => void died.push(message),
  })
  await node.start()
  await node.kill()
  node.damage((why) => void lost.push(why))
  await node.revive()
  exits[1]?.({ code: 1, signal: null } as Exit)
  await expect.poll(() => lost).toHaveLength(1)
  await node.kill()
  await node.revive()
  expect(lost).toEqual([expect.stringContaining('n1 ended by itself'), 'it refuses'])
  expect(died).toEqual([])
})
