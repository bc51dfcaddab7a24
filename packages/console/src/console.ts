import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type FinishedRun, packageVersion, runSubjectOf } from '@chaosproxy/engine/run'
import { renderVerdict } from '@chaosproxy/report/explanation'
import type { PlannedRun, RunHandle, RunListener } from '@chaosproxy/runner'
import type { Hello, Order, Verdict } from './browser/frames.ts'
import { hadNothing, hadWith } from './browser/had.ts'
import { type Judge, type Judgement, startJudge } from './judge/judge.ts'
import { afterFirst, type Judged } from './live/first-finding.ts'
import { frameFor } from './live/frame.ts'
import { createLiveRun, type LiveRun } from './live/live-run.ts'
import { announce } from './server/announcement.ts'
import type { Channel } from './server/channel.ts'
import { startPageServer } from './server/server.ts'
import { helloOf } from './steering/hello.ts'
import { parseOrder } from './steering/orders.ts'
import { healFor, injectFor } from './steering/steering.ts'

interface ConsoleOptions {
  /** `host:port`; by default any free port of this machine's loopback. */
  readonly listen?: string | undefined
  readonly unrepeatable?: string | undefined
}

export interface FollowedRun {
  readonly run: PlannedRun
  readonly historyFile: string
  /** The command that repeats the run. */
  readonly again: string
}

export interface Following {
  readonly listener: RunListener
  readonly steered: (handle: RunHandle) => void
  /** Aborted when a user stops the run on a page. */
  readonly stopped: AbortSignal
  /** Called once the run is judged and its report is written. */
  finished(finished: FinishedRun): void
  /** Called once the run has ended without a verdict. */
  ended(): void
}

/** The live page, which shows one run after another. */
export interface Console {
  readonly url: string
  follow(followed: FollowedRun): Following
  /** Resolves once a user asks to start the run again. */
  again(): Promise<void>
  close(): Promise<void>
}

const FRAME_EVERY_MS = 100

interface ServedRun {
  readonly number: number
  readonly hello: Hello
  readonly followed: FollowedRun
  readonly live: LiveRun
  readonly stopping: AbortController
  handle: RunHandle | undefined
  verdict: Verdict | undefined
  report: string | undefined
}

/**
 * Opens the live page. Each browser gets at most ten frames a second, and no frame until it has read the last one.
 *
 * @throws UserError (usage, environment) if the server cannot listen on the address.
 */
export async function openConsole({ listen = '127.0.0.1:0', unrepeatable }: ConsoleOptions = {}): Promise<Console> {
  const pages = new Set<() => void>()
  let shown: ServedRun | undefined
  let reportFile: string | undefined
  let repeat: (() => void) | undefined
  let takeBack = () => {}

  const server = await startPageServer({
    listen,
    connected,
    document: (path) => (path === '/report' && reportFile !== undefined ? readFileSync(reportFile, 'utf8') : undefined),
  })
  const frames = setInterval(() => {
    for (const page of pages) page()
  }, FRAME_EVERY_MS)
  frames.unref()

  function connected(channel: Channel): (text: string) => void {
    let had = hadNothing
    let greeted = 0
    const page = () => {
      if (shown === undefined || !channel.isFree()) return
      if (greeted !== shown.number) channel.send(shown.hello)
      greeted = shown.number
      const frame = frameFor(shown, had)
      had = hadWith(had, frame)
      channel.send(frame)
    }
    channel.onClosed(() => pages.delete(page))
    return (text) => {
      const order = parseOrder(text)
      if (order === undefined) return channel.refuse('This message is not a command that a page can send.')
      if (order.type !== 'resume') {
        void carryOut(order).then((error) => channel.send({ type: 'answer', order: order.order, error }))
        return
      }
      had = order.had
      pages.add(page)
      page()
    }
  }

  async function carryOut(order: Exclude<Order, { readonly type: 'resume' }>): Promise<string | undefined> {
    if (shown === undefined) return 'There is no run yet.'
    const { live, stopping, hello } = shown
    const steered = { ...shown.followed, live, handle: shown.handle, nodes: hello.nodes }
    if (order.type === 'inject') return injectFor(steered, order)
    if (order.type === 'heal') return healFor(steered, order)
    if (order.type === 'stop') return void stopping.abort()
    if (unrepeatable !== undefined) return unrepeatable
    if (repeat === undefined) return 'The run is still under way: stop it first.'
    repeat()
    repeat = undefined
    return undefined
  }

  return {
    url: server.url,
    follow(followed) {
      const current = servedRun(followed, (shown?.number ?? 0) + 1, unrepeatable)
      shown = current
      takeBack()
      takeBack = announce(dirname(followed.historyFile), server.url)
      return followingOf(current, (file) => {
        reportFile = file
        return server.addressOf('/report')
      })
    },
    again: () =>
      new Promise((resolve) => {
        repeat = resolve
      }),
    async close() {
      clearInterval(frames)
      takeBack()
      await server.close()
    },
  }
}

const servedRun = (followed: FollowedRun, number: number, unrepeatable: string | undefined): ServedRun => ({
  number,
  hello: helloOf(followed, { number, unrepeatable, version: packageVersion() }),
  followed,
  live: createLiveRun(),
  stopping: new AbortController(),
  handle: undefined,
  verdict: undefined,
  report: undefined,
})

function followingOf(shown: ServedRun, addressOfReport: (file: string) => string): Following {
  const { followed, live, hello } = shown
  const { run, historyFile } = followed
  const { model, initial } = run.workload
  let judge: Judge | undefined
  let wasViolated = false
  let first: Judged | undefined
  const show = (part: Judged) => {
    if (part.mood !== 'bad') first = undefined
    else first ??= part
    shown.verdict = { ...afterFirst(first, part), version: (shown.verdict?.version ?? 0) + 1 }
  }
  const begin = () =>
    startJudge(
      {
        ...{ file: historyFile, initial, title: hello.title, version: hello.version },
        model: typeof model === 'string' ? model : undefined,
        workload: run.spec.workload.name,
        requestedLevel: run.expect?.level,
      },
      (judgement) => show(soFar(judgement)),
      (why) => show(notJudged(why)),
    )
  const endJudging = () => {
    judge?.stop()
    judge = undefined
  }
  return {
    stopped: shown.stopping.signal,
    steered(handle) {
      shown.handle = handle
      judge = begin()
    },
    listener(event) {
      live.fold(event)
      // Ends judging before the final reads. If only some final reads were judged, the missing ones would count as
      // refused.
      if (live.stage !== 'working' && live.stage !== 'starting') endJudging()
      if (live.violation !== undefined && !wasViolated) judge?.hurry()
      wasViolated = live.violation !== undefined
    },
    finished(finished) {
      endJudging()
      shown.report = addressOfReport(finished.directory.report)
      const subject = runSubjectOf(finished)
      const { summary, history } = subject
      live.counted(summary.operations)
      show({
        ...renderVerdict({
          ...subject,
          version: hello.version,
          report: summary.report,
          run: summary,
          linksHistory: false,
        }),
        operations: history.operations.length,
      })
    },
    ended: endJudging,
  }
}

const soFar = ({ tookMs: _, ...judgement }: Judgement): Judged => judgement

const notJudged = (why: string): Judged => ({
  mood: 'unsure',
  title: 'Judged at the end',
  sentence: `The record so far could not be judged: ${why}`,
  operations: 0,
  answers: '',
  ladder: '',
})
