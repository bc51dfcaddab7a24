import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openConsole } from '@chaosproxy/console'
import { registries } from '@chaosproxy/engine/worlds'
import { type Event, type EventType, type Nanos, nanos } from '@chaosproxy/history'
import { openHistoryWriter } from '@chaosproxy/history/files'
import { completeRun, type PlannedRun, planRun, type RunHandle, type RunListener } from '@chaosproxy/runner'
import type { Browser, Page } from 'playwright-core'
import { NEEDED, openChromium } from './chromium.ts'
import { middle } from './middle.ts'

export const name = 'live: the live page of a run of 20,000 operations a second'

const RATE = 20_000
const CLIENTS = 20
const ROUNDS = 4
const ROUND_MS = 10_000
/** The duration of the warm-up, during which V8 compiles the code of the page and of the run. */
const WARM_UP_MS = 5_000
/** The interval of the timer. Each time the timer fires, it performs all operations that are due. */
const BEAT_MS = 5
const STATUS_EVERY_MS = 100

const MOST_SHARE = 0.03
const LEAST_FRAMES = 30

/**
 * Measures the cost of the page: the additional share of time for which the run's thread is busy. Rounds with and
 * without the page alternate. Each round uses the same artificial run, so that only the page differs: the events are
 * evenly spaced, and are written like those of a real run.
 */
export async function run(print: (line: string) => void): Promise<void> {
  const browser = process.platform === 'linux' ? await openChromium() : undefined
  if (browser === undefined) {
    print(`needs Linux, and ${NEEDED}`)
    return
  }
  const directory = mkdtempSync(join(tmpdir(), 'chaos-bench-'))
  const live = await openConsole()
  try {
    const planned = await plannedRun()
    const shares: { readonly without: number[]; readonly watched: number[] } = { without: [], watched: [] }
    const frames: number[] = []
    await alone(directory, WARM_UP_MS)
    await watched(live, { planned, directory, browser, ms: WARM_UP_MS })
    for (let round = 0; round < ROUNDS; round++) {
      shares.without.push(await alone(directory, ROUND_MS))
      const seen = await watched(live, { planned, directory, browser, ms: ROUND_MS })
      shares.watched.push(seen.busy)
      frames.push(seen.framesPerSecond)
    }
    const cost = middle(shares.watched) - middle(shares.without)
    print(
      `${RATE.toLocaleString('en-US')} operations/s: busy ${percent(middle(shares.without))} of the time without a page, ${percent(middle(shares.watched))} with one: ${percent(cost)} more (goal: less than ${percent(MOST_SHARE)})`,
    )
    print(`the page draws ${middle(frames).toFixed(0)} frames/s (goal: more than ${LEAST_FRAMES})`)
  } finally {
    await browser.close()
    await live.close()
    rmSync(directory, { recursive: true })
  }
}

async function plannedRun(): Promise<PlannedRun> {
  const draft = { target: 'raft', workload: 'register', clients: CLIENTS, rate: RATE, faults: [] }
  return planRun(await completeRun(draft, registries, { where: name, seed: 1 }), registries, name)
}

const alone = (directory: string, ms: number): Promise<number> =>
  perform(join(directory, 'alone.jsonl'), ms, { listener: () => {} })

interface Watched {
  readonly planned: PlannedRun
  readonly directory: string
  readonly browser: Browser
  readonly ms: number
}

async function watched(
  live: Awaited<ReturnType<typeof openConsole>>,
  { planned, directory, browser, ms }: Watched,
): Promise<{ readonly busy: number; readonly framesPerSecond: number }> {
  const historyFile = join(directory, 'history.jsonl')
  const following = live.follow({ run: planned, historyFile, again: 'chaos run' })
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
  await page.goto(live.url)
  try {
    const begun = () => following.steered(handle)
    const counting = framesPerSecond(page, ms)
    const busy = await perform(historyFile, ms, { listener: following.listener, begun })
    return { busy, framesPerSecond: await counting }
  } finally {
    following.ended()
    await page.close()
  }
}

/** Measures the frames per second that the page draws while it receives the run. */
const framesPerSecond = (page: Page, ms: number): Promise<number> =>
  page.evaluate<number>(
    `new Promise((done) => {
      const start = performance.now()
      let frames = 0
      const step = () => {
        frames++
        const lasted = performance.now() - start
        if (lasted < ${ms}) requestAnimationFrame(step)
        else done((frames * 1000) / lasted)
      }
      requestAnimationFrame(step)
    })`,
  )

/** Nobody steers it. */
const handle: RunHandle = {
  progress: () => progressOf(nanos(0), 0),
  inject: () => {},
  heal: () => {},
  interrupt: () => {},
}

const progressOf = (elapsed: Nanos, operations: number): ReturnType<RunHandle['progress']> => ({
  ...{
    stage: 'working',
    elapsed,
    counts: { ok: operations, fail: 0, info: 0 },
    level: 'linearizable',
    soFar: 'linearizable',
  },
  ...{ activeFaults: [], leader: undefined },
  nodes: [1, 2, 3, 4, 5].map((n) => ({
    node: `n${n}`,
    status: { role: n === 1 ? 'leader' : 'follower', leads: n === 1, term: 1, applied: operations },
  })),
})

interface Parts {
  readonly listener: RunListener
  readonly begun?: () => void
}

/**
 * Returns the processor time of this thread in nanoseconds. Other threads' time is not a cost of the page, so it does
 * not count.
 */
const ranNanos = (): number => Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0])

/** Performs a run, and returns the share of the time for which its thread was busy. */
async function perform(file: string, ms: number, { listener, begun }: Parts): Promise<number> {
  const sink = openHistoryWriter(file, { header: { chaos: 1, model: 'register', initial: null } })
  const events = eventsOf()
  const begunAt = performance.now()
  const elapsed = (): Nanos => nanos(Math.round((performance.now() - begunAt) * 1e6))
  let operations = 0
  const beat = setInterval(() => {
    const now = elapsed()
    for (const due = (RATE * now) / 1e9; operations < due; operations++)
      for (const event of events(operations, now)) {
        sink.append(event)
        listener({ type: 'event', event })
      }
  }, BEAT_MS)
  const status = setInterval(
    () => listener({ type: 'status', progress: progressOf(elapsed(), operations) }),
    STATUS_EVERY_MS,
  )
  listener({ type: 'ready' })
  begun?.()
  const before = ranNanos()
  const startedAt = performance.now()
  await sleep(ms)
  const share = (ranNanos() - before) / ((performance.now() - startedAt) * 1e6)
  clearInterval(beat)
  clearInterval(status)
  sink.close()
  return share
}

/** Each client writes and reads its own key, so the history is linearizable for every interleaving. */
function eventsOf(): (operation: number, now: Nanos) => readonly Event[] {
  let index = 0
  let last = nanos(0)
  const at = (now: Nanos): Nanos => {
    last = nanos(Math.max(last + 1, now - BEAT_MS * 1e6))
    return last
  }
  return (operation, now) => {
    const process = operation % CLIENTS
    const turn = Math.floor(operation / CLIENTS)
    const f = turn % 2 === 0 ? 'write' : 'read'
    const written = turn - (turn % 2)
    const event = (type: EventType): Event => ({
      ...{ index: index++, time: at(now), process, type, f, key: `k${process}`, node: `n${1 + (process % 5)}` },
      value: f === 'read' && type === 'invoke' ? null : written,
    })
    return [event('invoke'), event('ok')]
  }
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
