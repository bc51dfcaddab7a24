import { plural } from '@chaosproxy/history'
import type { Bins, FaultRow, Frame, Had, Hello, NoticedViolation, ServerMessage, Verdict } from './frames.ts'
import { hadNothing, hadWith } from './had.ts'

export interface View {
  readonly connection: 'connecting' | 'live' | 'lost'
  readonly hello?: Hello | undefined
  /** The last frame that the server sent. `bins`, `faults`, `verdict` and `had` combine all frames so far. */
  readonly frame?: Frame | undefined
  readonly bins: Bins
  readonly faults: readonly FaultRow[]
  readonly verdict?: Verdict | undefined
  readonly had: Had
}

const noBins: Bins = { width: 0, from: 0, rows: [], errors: [] }

export const emptyView: View = { connection: 'connecting', bins: noBins, faults: [], had: hadNothing }

/** Returns the view after a message from the server. The server's answer to a command does not change the view. */
export function withMessage(view: View, message: ServerMessage): View {
  switch (message.type) {
    case 'hello':
      return { ...(view.hello?.run === message.run ? view : emptyView), connection: 'live', hello: message }
    case 'frame':
      return withFrame(view, message)
    case 'answer':
      return view
    default:
      return message satisfies never
  }
}

function withFrame(view: View, frame: Frame): View {
  return {
    ...view,
    connection: 'live',
    frame,
    bins: joined(view.bins, frame.bins),
    faults: frame.faults ?? view.faults,
    verdict: frame.verdict ?? view.verdict,
    had: hadWith(view.had, frame),
  }
}

/** Replaces the bins from index `from` on. */
function joined(old: Bins, { width, from, rows, errors }: Bins): Bins {
  const kept = old.width === width ? old.rows.slice(0, from) : []
  return { width, from: 0, rows: [...kept, ...rows], errors }
}

export function tabTitle({ connection, verdict, hello, frame }: View): string {
  const title = verdict?.title ?? (frame?.violation === undefined ? 'running' : violatedTitle(frame.violation))
  return `${connection === 'lost' ? '(no connection) ' : ''}${title} · ${hello?.title ?? 'chaos'}`
}

/** `Not linearizable`. */
export const violatedTitle = ({ level }: NoticedViolation): string => `Not ${level.replaceAll('-', ' ')}`

/** Describes how late the runner noticed a violation. */
export function noticedText(violation: NoticedViolation | undefined): string {
  if (violation === undefined) return ''
  const { noticedAfter } = violation
  if (noticedAfter === 0) return 'The violation was noticed when it happened.'
  return `Noticed ${plural(noticedAfter, 'event')} after it happened.`
}

export const inForce = (faults: readonly FaultRow[]): readonly FaultRow[] => faults.filter(({ to }) => to === undefined)
