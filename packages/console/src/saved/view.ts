import { plural } from '@chaosproxy/history'
import type { Answer, Judged, Progress } from './messages.ts'

/** What the page is about to do, does, or has done. */
export type View =
  | { readonly at: 'asking'; readonly refusal: string }
  | { readonly at: 'working'; readonly name: string; readonly progress: Progress | undefined }
  | { readonly at: 'showing'; readonly judged: Judged }

export const emptyView: View = { at: 'asking', refusal: '' }

/** The page after its worker has said something; an answer to a question that was taken back changes nothing. */
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

/** What the worker does, in words. */
export function progressText(progress: Progress | undefined): string {
  if (progress === undefined) return 'Starting'
  if (progress.type === 'judging') return `Judging ${plural(progress.operations, 'operation')}`
  const { bytes, of } = progress
  // Of a compressed file it is not known how much is left.
  return bytes <= of ? `Reading ${megabytes(bytes)} of ${megabytes(of)} MB` : `Reading, ${megabytes(bytes)} MB of text`
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)
