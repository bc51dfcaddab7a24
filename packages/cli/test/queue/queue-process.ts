import { chaosHere, root, startChaos, temporaryDirectory } from '../../../testing/src/chaos.ts'
import { installed, startRedis, whySkipped } from '../../../testing/src/servers.ts'
import { until } from '../processes.ts'

/** A Redis without persistence, for a single test. */
export async function queueOf(): Promise<string> {
  const redis = installed('redis-server')
  if (redis === undefined) throw new Error(whySkipped('redis-server'))
  const { host, port } = await startRedis(redis)
  return `redis://${host}:${port}`
}

/**
 * Starts a worker that may also drive clients on this machine, and waits until it has joined the queue. `printed`
 * returns its output.
 */
export async function joined(
  queue: string,
  more: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<ReturnType<typeof startChaos> & { readonly printed: () => string; readonly searched: () => number }> {
  const { child, finished } = startChaos(
    ['worker', '--queue', queue, '--threads', '1', '--drive', '127.0.0.1', ...more],
    { env },
  )
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => {
      printed += chunk
    })
  await until(() => printed.includes('Joined the queue at') || child.exitCode !== null)
  return { child, finished, printed: () => printed, searched: () => printed.match(/^Did seeds/gm)?.length ?? 0 }
}

/** Starts a command that waits for workers, and collects its output. */
export function waiting(words: readonly string[], cwd = root) {
  const running = startChaos(words, { cwd })
  let said = ''
  running.child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  return { ...running, said: () => said }
}

/**
 * Writes the example protocol of `chaos init protocol` to a new directory. Returns this directory, and the arguments of
 * a `chaos fuzz` command that searches the protocol.
 */
export async function ownCampaign() {
  const cwd = temporaryDirectory()
  await chaosHere(['init', 'protocol'], { cwd })
  return { cwd, words: ['fuzz', '--protocol', 'protocol.ts', '--seeds', '100', '--keep-going', '--no-guide', '--json'] }
}
