import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createRandom } from '@chaosproxy/faults'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Finished, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { freePort, installed, whySkipped } from '../../../../testing/src/servers.ts'
import { network, pairOf } from '../../../../testing/src/sockets.ts'
import { until } from '../../processes.ts'
import { joined } from '../../queue/queue-process.ts'
import { recordingOf } from '../../queue/recorded-registers.ts'

// Tests chaos with faults of its own: while a campaign runs through a queue, one of its parts is killed, paused or cut
// off at a random moment. The result must equal that of the undisturbed campaign. CHAOS_SOAK=short runs six campaigns.

const short = process.env['CHAOS_SOAK'] === 'short'
const CAMPAIGNS = short ? 6 : 100
const AT_A_TIME = short ? 3 : 4
const FIRST = Number(process.env['FIRST_CAMPAIGN'] ?? 1)

/** These limits are also long enough for a busy machine. */
const STARTS_WITHIN_MS = 300_000
const ENDS_WITHIN_MS = 300_000

const redis = installed('redis-server')

/** A Redis that can be killed and restarted on the same port, with or without its data. */
async function restartable(keeps: boolean) {
  const port = await freePort()
  const directory = temporaryDirectory()
  const kept = keeps ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...kept, '--dir', directory]
  let server: ChildProcess | undefined
  async function start(): Promise<void> {
    const started = spawn(redis ?? '', words, { stdio: ['ignore', 'pipe', 'ignore'] })
    server = started
    let said = ''
    started.stdout.on('data', (chunk) => {
      said += chunk
    })
    await until(() => said.includes('Ready to accept connections'))
  }
  onTestFinished(() => void server?.kill('SIGKILL'))
  await start()
  return {
    port,
    queue: `redis://127.0.0.1:${port}`,
    signal: (signal: NodeJS.Signals) => void server?.kill(signal),
    async restart() {
      const killed = server
      killed?.kill('SIGKILL')
      await until(() => killed?.signalCode === 'SIGKILL')
      await start()
    },
  }
}

type Members = { readonly [member: string]: unknown }

const works: {
  readonly [name: string]: { readonly words: () => readonly string[]; readonly told: (said: never) => unknown }
} = {
  fuzz: {
    words: () => [
      ...['fuzz', '--target', 'quorum', '--set', 'r=1', '--set', 'w=1', '--expect', 'linearizable', '--keep-going'],
      ...['--seeds', '384', '--shrink', '100ms', '--no-guide', '--json', '--out', temporaryDirectory()],
    ],
    // The size of the reduced failures depends on the available time, so it is not compared.
    told: ({ trials, steps, strategies, vacuous, failures }: Members & { readonly failures: readonly Members[] }) => [
      ...[trials, steps, strategies, vacuous],
      failures.map(({ cause, seed, times }) => ({ cause, seed, times })),
    ],
  },
  compare: {
    words: () => [
      ...['compare', '--targets', 'raft,quorum', '--faults', 'partition,kill', '--seeds', '2', '--time', '1s'],
      ...['--timeout', '400ms', '--json'],
    ],
    told: (comparison: Members) => ({ ...comparison, elapsedMs: 0 }),
  },
  check: {
    words: () => {
      const file = join(temporaryDirectory(), 'recording.jsonl')
      // Parts of a check have a time limit of two seconds. If a part reached this limit, the load of the machine would
      // determine what remains undecided, and how detailed a counterexample is. This history takes only milliseconds.
      writeFileSync(file, recordingOf(6_000, 64, 4_500).join('\n'))
      return ['check', file, '--expect', 'linearizable', '--timeout', '20m', '--json']
    },
    told: ({ timing: _, file: __, ...result }: Members) => result,
  },
}

const kinds = Object.keys(works)

function readResult(work: string, { exitCode, stdout, stderr }: Finished): unknown {
  if (stdout === '') throw new Error(`${work} ended with ${exitCode}: ${stderr}`)
  const { told } = works[work]!
  return {
    exitCode,
    told: JSON.parse(JSON.stringify(told(JSON.parse(stdout) as never)).replaceAll(/\/tmp\/chaos-cli-\w+/g, '')),
  }
}

/** Returns one line per member in which two values differ: its path, and both contents. */
function differences(one: unknown, other: unknown, at = ''): readonly string[] {
  const isMany = (value: unknown): value is Members => typeof value === 'object' && value !== null
  if (isMany(one) && isMany(other))
    return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((member) =>
      differences(one[member], other[member], `${at}.${member}`),
    )
  return one === other ? [] : [`${at}: ${JSON.stringify(one)}, undisturbed ${JSON.stringify(other)}`]
}

const undisturbed = new Map<string, Promise<unknown>>()
function alone(work: string): Promise<unknown> {
  const known =
    undisturbed.get(work) ?? startChaos(works[work]!.words()).finished.then((finished) => readResult(work, finished))
  undisturbed.set(work, known)
  return known
}

const troubles = [
  ...[
    'worker killed',
    'worker paused',
    'worker cut off',
    'Redis killed, which keeps all',
    'Redis killed, which keeps nothing',
  ],
  ...['Redis paused', 'command cut off', 'command killed, and typed again'],
] as const

async function campaign(seed: number) {
  const random = createRandom(`campaign ${seed}`)
  const trouble = troubles[(seed - 1) % troubles.length]!
  const work = kinds[(seed - 1) % kinds.length]!
  const after = random.integer(5)
  const momentMs = random.next() * 400
  const lengthMs = 200 + random.next() * (random.chance(0.3) ? 12_000 : 3_000)
  const mode = random.pick(['hold', 'drop'] as const)
  const label = `campaign ${seed}: ${work}, ${trouble} after ${after} jobs and ${Math.round(momentMs)} ms, for ${Math.round(lengthMs)} ms (${mode})`
  const server = await restartable(trouble === 'Redis killed, which keeps all')
  const between = network()
  const route = await between.route({ from: 'ours', to: 'redis', upstream: { host: '127.0.0.1', port: server.port } })
  const around = `redis://127.0.0.1:${route.port}`
  const workers = [await joined(trouble === 'worker cut off' ? around : server.queue), await joined(server.queue)]
  const [victim] = workers
  const words = works[work]!.words()
  const begin = () => startChaos([...words, '--queue', trouble === 'command cut off' ? around : server.queue])
  let running = begin()
  const done = () => workers.reduce((sum, { printed }) => sum + (printed().match(/^Did /gm)?.length ?? 0), 0)
  const told = () => workers.map(({ printed }, n) => `worker ${n + 1}: ${printed()}`).join('\n')
  await until(() => done() >= after || running.child.exitCode !== null, STARTS_WITHIN_MS).catch(() => {
    throw new Error(`${label}: it did not come that far.\n${told()}`)
  })
  await pause(momentMs)
  const cut = () => between.apply({ kind: 'partition', links: pairOf('ours', 'redis'), mode })
  switch (trouble) {
    case 'worker killed':
      victim!.child.kill('SIGKILL')
      break
    case 'worker paused':
      victim!.child.kill('SIGSTOP')
      await pause(lengthMs)
      victim!.child.kill('SIGCONT')
      break
    case 'worker cut off':
    case 'command cut off': {
      const applied = cut()
      await pause(lengthMs)
      applied.remove()
      break
    }
    case 'Redis killed, which keeps all':
    case 'Redis killed, which keeps nothing':
      await server.restart()
      break
    case 'Redis paused':
      server.signal('SIGSTOP')
      await pause(lengthMs)
      server.signal('SIGCONT')
      break
    case 'command killed, and typed again':
      running.child.kill('SIGKILL')
      await once(running.child, 'close')
      running = begin()
      break
    default:
      trouble satisfies never
  }
  const startedAt = performance.now()
  const finished = await Promise.race([running.finished, pause(ENDS_WITHIN_MS, undefined, { ref: false })])
  if (finished === undefined) throw new Error(`${label}: it did not end.\n${told()}`)
  const endedMs = Math.round(performance.now() - startedAt)
  for (const { child } of workers) child.kill('SIGKILL')
  server.signal('SIGKILL')
  console.log(`${label}: ended ${endedMs} ms later`)
  const differ = differences(readResult(work, finished), await alone(work))
  if (differ.length > 0) throw new Error(`${label}: it ended otherwise.\n${differ.join('\n')}\n${finished.stderr}`)
}

const groups = Array.from({ length: CAMPAIGNS / AT_A_TIME }, (_, group) =>
  Array.from({ length: AT_A_TIME }, (_, n) => FIRST + group * AT_A_TIME + n),
)

describe.skipIf(redis === undefined)(
  `a disturbed campaign${redis === undefined ? `: ${whySkipped('redis-server')}` : ''}`,
  () => {
    test.each(groups.map((seeds) => [seeds] as const))(
      'a disturbed campaign ends with the result of an undisturbed campaign: %j',
      async (seeds) => {
        const ends = await Promise.allSettled(seeds.map(campaign))
        expect(
          ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason?.message ?? end.reason)] : [])),
        ).toEqual([])
      },
    )
  },
)
