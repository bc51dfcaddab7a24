import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import type { EngineFault } from '@chaosproxy/faults'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { ensureBuilt } from '../../../../testing/src/build.ts'
import { eventually, processExists } from '../../../../testing/src/real-cluster.ts'
import { isStopped } from '../../../src/processes/process-tree.ts'

// Tests with an engine that delays a command until a file is removed. A test can thus kill chaos at an exact moment.

const built = (...path: string[]) => pathToFileURL(join(import.meta.dirname, '../../../dist', ...path)).href
/** Functions that undo what a test has started or written. They are called in reverse order. */
const ended: (() => void)[] = []
beforeAll(ensureBuilt)
afterEach(() => {
  for (const end of ended.splice(0).reverse()) end()
})

/** A server that ends on SIGTERM, once it has a handler and is no longer busy. */
const server = (at: string) => `#!/bin/sh
trap '' TERM
while [ -e ${at}/boots ]; do sleep 0.02; done
trap 'while [ -e ${at}/busy ]; do sleep 0.02; done; exit 0' TERM
while [ -e ${at}/server ]; do sleep 0.02; done
`

/**
 * An engine with one container, which is a single process. A stop waits for the end of the process without a limit. The
 * engine writes down each command that it has carried out.
 */
const engine = (at: string) => `#!/bin/sh
pid=$(cat ${at}/pid)
runs() { kill -0 $pid 2>/dev/null && ! grep -q '^State:.Z' /proc/$pid/status 2>/dev/null; }
[ "$1" = inspect ] && { runs && echo running $pid || echo exited 0; exit; }
name=$([ "$2" = --signal ] && echo $3 || echo $1)
if [ -e ${at}/holds-$name ]; then
  touch ${at}/reached
  while [ -e ${at}/holds-$name ]; do sleep 0.01; done
fi
case $name in
pause) kill -STOP $pid ;;
unpause) kill -CONT $pid ;;
stop) kill -TERM $pid; touch ${at}/stopping; while runs; do sleep 0.01; done ;;
start)
  exec 9>${at}/lock
  flock 9
  pid=$(cat ${at}/pid)
  runs || { setsid sh ${at}/server >/dev/null 2>&1 </dev/null 9>&- & echo $! >${at}/pid; } ;;
kill) kill -KILL $pid ;;
*) kill -s \${name#SIG} $pid ;;
esac
echo $name >>${at}/done
`

interface Moment {
  /** Faults that are injected one after another. */
  readonly faults: readonly (Omit<Extract<EngineFault, { kind: 'stop' | 'signal' }>, 'nodes'> | { kind: 'pause' })[]
  /** The engine's command that has begun, but has no effect yet when chaos is killed. */
  readonly holds?: string
  /**
   * Chaos dies right after it has started the nth command of the engine, before the keeper knows of it. Counted from 1.
   */
  readonly untold?: number
  /** Whether the container has just started, and handles no signal yet. */
  readonly boots?: boolean
}

/** A separate process of chaos that injects these faults into a container. */
function startOwner({ faults, holds, untold = 0, boots = false }: Moment) {
  const at = mkdtempSync(join(tmpdir(), 'chaos-owner-'))
  ended.push(() => rmSync(at, { recursive: true, force: true }))
  writeFileSync(join(at, 'server'), server(at))
  writeFileSync(join(at, 'docker'), engine(at))
  chmodSync(join(at, 'docker'), 0o755)
  if (holds !== undefined) writeFileSync(join(at, `holds-${holds}`), '')
  if (boots) writeFileSync(join(at, 'boots'), '')
  const first = spawn('sh', [join(at, 'server')], { stdio: 'ignore' })
  writeFileSync(join(at, 'pid'), String(first.pid))
  const pid = () => Number(readFileSync(join(at, 'pid'), 'utf8'))
  ended.push(() => {
    for (const each of new Set([first.pid ?? 0, pid()])) if (processExists(each)) process.kill(each, 'SIGKILL')
  })
  const script = `
    import { startKeeper } from '${built('keeper', 'keeper.js')}'
    import { containerNode } from '${built('containers', 'container-node.js')}'
    const real = startKeeper(() => {})
    let commands = 0
    const watch = (root, finishing) =>
      ++commands === ${untold} ? process.kill(process.pid, 'SIGKILL') : real.watch(root, finishing)
    const container = { name: 'web', service: 'web', pid: ${first.pid}, networks: [] }
    const node = containerNode({
      member: { endpoint: 'n1', isNode: true, container }, number: 1, engine: 'docker', declaration: {}, port: 1,
      where: 'here', timeoutMs: 1000, keeper: { ...real, watch }, logPath: '${at}/n1.log',
    })
    console.log(real.pid)
    for (const fault of ${JSON.stringify(faults)}) {
      if (fault.kind === 'pause') await node.pause()
      else await node.injectFault({ ...fault, nodes: ['n1'] })
      console.log('injected')
    }
    setInterval(() => {}, 1000)
  `
  const owner: ChildProcess = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, PATH: [at, process.env['PATH']].join(delimiter) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  ended.push(() => owner.kill('SIGKILL'))
  const said: string[] = []
  if (owner.stdout !== null) createInterface({ input: owner.stdout }).on('line', (line) => said.push(line))
  const dead = new Promise<void>((resolve) => owner.once('exit', () => resolve()))
  return {
    is: (name: string) => existsSync(join(at, name)),
    log: () => (existsSync(join(at, 'done')) ? readFileSync(join(at, 'done'), 'utf8').trim().split('\n') : []),
    write: (name: string) => writeFileSync(join(at, name), ''),
    remove: (name: string) => rmSync(join(at, name)),
    first: first.pid ?? 0,
    pid,
    dead,
    injected: (count: number) =>
      eventually(async () => expect(said.filter((line) => line === 'injected').length).toBe(count)),
    async kill() {
      owner.kill('SIGKILL')
      await dead
    },
    keeperGone: () =>
      eventually(async () => {
        const [keeper] = said
        expect(keeper).toBeDefined()
        expect(processExists(Number(keeper))).toBe(false)
      }),
  }
}

const goesOn = (pid: number) => processExists(pid) && isStopped(pid) === false

/** Whether SIGTERM is among the signals that a process catches (proc(5)). */
function listensToTerm(pid: number): boolean {
  const [, caught = '0'] = /SigCgt:\s*(\S+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return (BigInt(`0x${caught}`) & (1n << 14n)) !== 0n
}

const SIGSTOP = { kind: 'signal', signal: 'SIGSTOP' } as const
const SIGTERM = { kind: 'signal', signal: 'SIGTERM' } as const

test.each([
  { name: 'SIGSTOP', fault: SIGSTOP },
  { name: 'pause', fault: { kind: 'pause' } },
  { name: 'stop', fault: { kind: 'stop' } },
] as const)('a $name fault that takes effect after chaos was killed is undone', async ({ name, fault }) => {
  const owner = startOwner({ faults: [fault], holds: name })
  await eventually(async () => expect(owner.is('reached')).toBe(true))
  await owner.kill()
  owner.remove(`holds-${name}`)
  await owner.keeperGone()
  expect(owner.log()).toContain(name)
  expect(goesOn(owner.pid())).toBe(true)
})

test.each([
  { name: 'SIGSTOP', fault: SIGSTOP },
  { name: 'pause', fault: { kind: 'pause' } },
] as const)(
  'a $name fault that is not registered with the keeper process is never injected',
  async ({ name, fault }) => {
    const owner = startOwner({ faults: [fault], untold: 1 })
    await owner.dead
    await owner.keeperGone()
    expect(owner.log()).not.toContain(name)
    expect(goesOn(owner.pid())).toBe(true)
  },
)

test.each([
  { name: 'SIGSTOP', fault: SIGSTOP },
  { name: 'pause', fault: { kind: 'pause' } },
] as const)(
  'if chaos is killed during a $name fault, the suspended process of the container is restarted',
  async ({ fault }) => {
    const owner = startOwner({ faults: [fault, { kind: 'stop' }] })
    await eventually(async () => expect(owner.is('stopping')).toBe(true))
    expect(processExists(owner.first)).toBe(true)
    await owner.kill()
    await owner.keeperGone()
    expect(owner.pid()).not.toBe(owner.first)
    expect(goesOn(owner.pid())).toBe(true)
  },
)

test('a process that ignored SIGTERM is started again after chaos was killed during a stop fault', async () => {
  const owner = startOwner({ faults: [{ kind: 'stop' }], boots: true })
  await eventually(async () => expect(owner.is('stopping')).toBe(true))
  await owner.kill()
  owner.remove('boots')
  await owner.keeperGone()
  expect(owner.pid()).not.toBe(owner.first)
  expect(goesOn(owner.pid())).toBe(true)
})

test('a process that installs a SIGTERM handler late is restarted if chaos is killed during a stop fault', async () => {
  const owner = startOwner({ faults: [{ kind: 'stop' }], boots: true })
  await eventually(async () => expect(owner.is('stopping')).toBe(true))
  owner.remove('boots')
  await eventually(async () => expect(listensToTerm(owner.first)).toBe(true))
  await owner.kill()
  await owner.keeperGone()
  expect(owner.pid()).not.toBe(owner.first)
  expect(goesOn(owner.pid())).toBe(true)
})

test('a process that exits slowly is stopped at once, and restarted, if chaos is killed during a stop fault', async () => {
  const owner = startOwner({ faults: [{ kind: 'stop' }] })
  owner.write('busy')
  await eventually(async () => expect(owner.is('stopping')).toBe(true))
  await owner.kill()
  await owner.keeperGone()
  expect(owner.is('busy')).toBe(true)
  expect(owner.pid()).not.toBe(owner.first)
  expect(goesOn(owner.pid())).toBe(true)
})

test('a paused process that exits on SIGTERM after its resume is restarted', async () => {
  const owner = startOwner({ faults: [SIGSTOP, SIGTERM] })
  await owner.injected(2)
  await owner.kill()
  await owner.keeperGone()
  expect(owner.pid()).not.toBe(owner.first)
  expect(goesOn(owner.pid())).toBe(true)
})

test('a process that exits slowly after a signal is restarted after its exit', async () => {
  const owner = startOwner({ faults: [SIGTERM] })
  owner.write('busy')
  await owner.injected(1)
  await owner.kill()
  await eventually(async () => expect(owner.log()).toContain('start'))
  expect(goesOn(owner.first)).toBe(true)
  owner.remove('busy')
  await owner.keeperGone()
  expect(owner.pid()).not.toBe(owner.first)
  expect(goesOn(owner.pid())).toBe(true)
})

test('addresses of links are removed only after the process that holds their rules has exited', async () => {
  const at = mkdtempSync(join(tmpdir(), 'chaos-owner-'))
  ended.push(() => rmSync(at, { recursive: true, force: true }))
  const script = `
    import { spawn } from 'node:child_process'
    import { startKeeper } from '${built('keeper', 'keeper.js')}'
    import { startTimeOf } from '${built('processes', 'process-tree.js')}'
    const keeper = startKeeper(() => {})
    const { pid } = spawn('sleep', ['600'], { stdio: 'ignore' })
    keeper.watch({ pid, startTime: startTimeOf(pid), mark: '', forks: false })
    const script = 'grep -qs "^State:.[^Z]" /proc/' + pid + '/status && echo before >${at}/order || echo after >${at}/order'
    keeper.undoLater({ words: ['sh', '-c', script] }, { timeoutMs: 10_000 })
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 10)
  `
  spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' })
  await eventually(async () => expect(existsSync(join(at, 'order'))).toBe(true))
  await eventually(async () => expect(readFileSync(join(at, 'order'), 'utf8')).toBe('after\n'))
})
