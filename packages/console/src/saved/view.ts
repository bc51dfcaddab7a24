import { plural } from '@chaosproxy/history'
import type { Answer, Judged, Progress } from './messages.ts'

/** The state of the page: before, during or after a judgement. */
export type View =
  | { readonly at: 'asking'; readonly refusal: string }
  | { readonly at: 'working'; readonly name: string; readonly progress: Progress | undefined }
  | { readonly at: 'showing'; readonly judged: Judged }

export const emptyView: View = { at: 'asking', refusal: '' }

/** Returns the view after a message. The answer to a cancelled request does not change the view. */
export function withAnswer(view: View, answer: Answer): View {
  if (view.at !== 'working') return view
  switch (answer.type) {
    case 'reading':
    case 'judging':
      return { ...view, progress: answer }
    case 'refused':
      return { at: 'asking', refusal: answer.why }
    case 'judged':
      return { at: 'showing', judged: answer }
    default:
      return answer satisfies never
  }
}

export const tabTitle = (view: View): string => {
  switch (view.at) {
    case 'asking':
      return 'Judge a history'
    case 'working':
      return `Judging ${view.name}`
    case 'showing':
      return `${view.judged.title}: ${view.judged.file}`
    default:
      return view satisfies never
  }
}

export function progressText(progress: Progress | undefined): string {
  if (progress === undefined) return 'Starting'
  if (progress.type === 'judging') return `Judging ${plural(progress.operations, 'operation')}`
  const { bytes, of } = progress
  // The remaining size of a compressed file may be unknown.
  return bytes <= of ? `Reading ${megabytes(bytes)} of ${megabytes(of)} MB` : `Reading, ${megabytes(bytes)} MB of text`
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)
