import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { installed } from '../../../../../scripts/installed.ts'
import { eventually, processExists } from '../../../../testing/src/real-cluster.ts'
import { isStopped } from '../../../src/processes/process-tree.ts'
import { commands, script, shell } from '../../command/commands.ts'

const run = commands()
const isRoot = process.getuid?.() === 0

/** Returns the numbers that a script has written into a file, one per line. */
const pidsIn = (path: string): number[] => readFileSync(path, 'utf8').trim().split('\n').map(Number)

async function pidsWritten(path: string, count: number): Promise<number[]> {
  return eventually(async () => {
    const pids = pidsIn(path)
    expect(pids).toHaveLength(count)
    return pids
  })
}

/** A shell with a child, a grandchild, a child in a session of its own, and a daemon whose parent has ended. */
const familyOf = (path: string): string =>
  [
    `echo $$ >> ${path}`,
    `sh -c 'echo $$ >> ${path}; (sleep 300 & echo $! >> ${path}; wait)' &`,
    `setsid sh -c 'echo $$ >> ${path}; sleep 300; true' &`,
    `(setsid sh -c 'echo $$ >> ${path}; sleep 300; true' &)`,
    'wait',
  ].join('\n')

/** Returns a process's state as in proc(5). D: it waits, and signals do not interrupt it. */
const stateOf = (pid: number): string | undefined =>
  readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.charAt(0)

describe('the processes started by a command', () => {
  test('a kill of a node kills all processes of its command, including daemons and those of other sessions', async () => {
    const path = join(run.directory(), 'pids')
    const node = await run.start(shell(familyOf(path)))
    const pids = await pidsWritten(path, 5)
    expect(pids.map(processExists)).toEqual(pids.map(() => true))
    await node.kill()
    expect(pids.map(processExists)).toEqual(pids.map(() => false))
  })

  test('a pause of a node pauses all processes that its command started, and the resume continues all of them', async () => {
    const path = join(run.directory(), 'pids')
    const node = await run.start(shell(familyOf(path)))
    const pids = await pidsWritten(path, 5)
    await node.pause()
    expect(pids.map(isStopped)).toEqual(pids.map(() => true))
    node.resume()
    await eventually(async () => expect(pids.map(isStopped)).toEqual(pids.map(() => false)))
  })

  test('a pause of a node pauses its processes even if they keep starting new ones', async () => {
    const path = join(run.directory(), 'pids')
    // The shell dash starts a command by vfork. Until the command's process has called exec, dash cannot stop.
    const node = await run.start(shell(`sh -c 'echo $$ >> ${path}; while :; do /bin/true; done' & wait`))
    const [busy = 0] = await pidsWritten(path, 1)
    for (let round = 0; round < 100; round++) {
      await node.pause()
      expect(isStopped(busy), `round ${round}`).toBe(true)
      node.resume()
    }
  })

  test('a kill of a node kills its processes even while they are paused', async () => {
    const path = join(run.directory(), 'pids')
    const node = await run.start(shell(familyOf(path)))
    const pids = await pidsWritten(path, 5)
    await node.pause()
    await node.kill()
    expect(pids.map(processExists)).toEqual(pids.map(() => false))
  })

  test.skipIf(installed('python3') === undefined)(
    'a kill of a node succeeds within seconds even if a process is in an uninterruptible call',
    async () => {
      const path = join(run.directory(), 'pids')
      // After vfork, a process waits until its child has called exec. This child never calls exec.
      const waits = `import ctypes, os; c = ctypes.CDLL(None); open("${path}", "w").write(f"{os.getpid()}\\n"); c.vfork() or c.pause()`
      const node = await run.start({ words: ['python3', '-c', waits] })
      const [pid = 0] = await pidsWritten(path, 1)
      await eventually(async () => expect(stateOf(pid)).toBe('D'))
      const began = performance.now()
      await node.kill()
      expect(performance.now() - began).toBeLessThan(4_000)
      expect(processExists(pid)).toBe(false)
    },
  )

  test('the processes started by a command end when the command exits by itself', async () => {
    const path = join(run.directory(), 'pids')
    const node = await run.start(shell(`sleep 300 & echo $! >> ${path}; exit 3`))
    expect(await node.exited).toEqual({ code: 3, signal: null })
    expect(pidsIn(path).map(processExists)).toEqual([false])
  })

  test('a process of a node cannot escape a kill by forking', async () => {
    const path = join(run.directory(), 'count')
    // The shell starts a child every few milliseconds. Each child would outlive the shell.
    const node = await run.start(shell(`for i in $(seq 2000); do sleep 300 & echo $! >> ${path}; done; wait`))
    await eventually(async () => expect(pidsIn(path).length).toBeGreaterThan(20))
    await node.kill()
    const pids = pidsIn(path)
    expect(pids.filter(processExists)).toEqual([])
  })

  test('a kill of a node leaves the processes of other nodes running', async () => {
    const [one, other] = await Promise.all([run.start(shell('sleep 300')), run.start(shell('sleep 300'))])
    await one.kill()
    expect(one.running()).toBe(false)
    expect(processExists(other.pid)).toBe(true)
  })
})

describe('a graceful stop', () => {
  test('a graceful stop sends SIGTERM to the whole process group', async () => {
    const path = join(run.directory(), 'said')
    const inner = `trap 'echo ended >> ${path}; exit 0' TERM; echo ready >> ${path}; while :; do sleep 0.01; done`
    const node = await run.start(shell(`sh -c "${inner}" & wait`))
    await eventually(async () => expect(readFileSync(path, 'utf8')).toBe('ready\n'))
    await node.end(10_000)
    expect(readFileSync(path, 'utf8')).toBe('ready\nended\n')
  })

  test('a graceful stop kills processes that ignore SIGTERM', async () => {
    const path = join(run.directory(), 'said')
    const node = await run.start(shell(`trap '' TERM; echo ready > ${path}; while :; do sleep 0.01; done`))
    await eventually(async () => expect(existsSync(path)).toBe(true))
    await node.end(100)
    expect(await node.exited).toEqual({ code: null, signal: 'SIGKILL' })
  })

  test('a graceful stop also ends paused processes', async () => {
    const node = await run.start(shell('sleep 300'))
    await node.pause()
    await node.end(10_000)
    expect(await node.exited).toEqual({ code: null, signal: 'SIGTERM' })
  })
})

describe('a command', () => {
  test('a command runs with its environment and working directory, and writes its output to its log', async () => {
    const directory = run.directory()
    const node = await run.start({
      words: ['/bin/sh', '-c', 'echo "$GREETING, $HOME"; pwd; echo trouble >&2'],
      environment: { GREETING: 'hello', HOME: undefined },
      directory,
    })
    expect(await node.exited).toEqual({ code: 0, signal: null })
    expect(run.log()).toBe(`hello, \n${directory}\ntrouble\n`)
  })

  test('an interactive command passes on every line of its standard output', async () => {
    const lines: string[] = []
    const node = await run.start(shell('read name; echo "hello $name"; echo "not for you" >&2; echo bye'), (line) =>
      lines.push(line),
    )
    node.write('world')
    await node.exited
    expect(lines).toEqual(['hello world', 'bye'])
    expect(run.log()).toBe('not for you\n')
  })

  test.runIf(isRoot)('a command runs as another user if chaos is root', async () => {
    const node = await run.start({ words: ['/bin/sh', '-c', 'id -un; id -Gn; echo $HOME'], user: 'nobody' })
    await node.exited
    expect(run.log()).toMatch(/^nobody\nnogroup\n\/\w+\n$/)
  })

  test.runIf(isRoot)('a command is refused if its user does not exist', async () => {
    await expect(run.start({ words: ['true'], user: 'no-such-user' })).rejects.toThrow(
      'there is no user no-such-user on this machine (/etc/passwd). Create the user, or name another',
    )
  })

  test('a command is refused with advice if its program does not exist', async () => {
    await expect(run.start({ words: ['no-such-server', '--port', '1'] })).rejects.toMatchObject({
      code: 'environment',
      message:
        'n1 was not started: no-such-server --port 1: there is no program no-such-server in any directory of PATH; install it, or give its path',
    })
    await expect(run.start({ words: ['./no-such-server'] })).rejects.toThrow('there is no program ./no-such-server')
    await expect(run.start({ words: ['PORT=1', 'node', 'server.js'] })).rejects.toThrow(
      'no shell runs the command, so PORT=1 sets no variable; write env before it, or set the variable in "environment"',
    )
  })

  test('a command is refused if its program is not executable or has no interpreter', async () => {
    const path = join(run.directory(), 'server')
    writeFileSync(path, '#!/no/such/interpreter\n')
    await expect(run.start({ words: [path] })).rejects.toThrow(`${path} may not be executed (chmod +x)`)
    chmodSync(path, 0o755)
    await expect(run.start({ words: [path] })).rejects.toThrow(`the interpreter that ${path} names`)
  })

  test('a command is refused if its working directory does not exist', async () => {
    await expect(run.start({ words: ['true'], directory: '/no/such/directory' })).rejects.toThrow(
      'n1 was not started: its working directory /no/such/directory does not exist',
    )
  })

  test('a command is reported as exited even if it exits immediately after the start', async () => {
    const node = await run.start(script('process.exit(7)'))
    expect(await node.exited).toEqual({ code: 7, signal: null })
    expect(node.running()).toBe(false)
    await node.pause()
    node.resume()
    await node.kill()
  })
})
