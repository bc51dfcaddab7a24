import { count } from '@chaosproxy/history'
import type { JSX } from 'preact'
import type { Verdict } from './frames.ts'
import { noticedText, type View, violatedTitle } from './view.ts'
import { clock } from './words.ts'

/** The title of a verdict that no continuation of the record can change. */
const FINAL_AT_ONCE = 'Not linearizable'

export function VerdictHead({ view }: { readonly view: View }): JSX.Element {
  const { verdict, frame, hello } = view
  const certain = verdict?.mood === 'bad' ? undefined : frame?.violation
  const isCertain = certain !== undefined
  const title = certain === undefined ? (verdict?.title ?? 'No verdict yet') : violatedTitle(certain)
  const isBad = isCertain || verdict?.mood === 'bad'
  const isFinal =
    frame?.violation !== undefined || title === FINAL_AT_ONCE || verdict === undefined || verdict.upTo === undefined
  return (
    <section class="verdict" aria-labelledby="verdict">
      <h1 id="verdict" class={isBad ? 'bad' : ''}>
        {title}
        {isFinal ? null : <small> so far</small>}
      </h1>
      <p class="lede">{sentenceOf(view, isCertain)}</p>
      <Markup of={isCertain ? undefined : verdict?.answers} />
      <p class="basis">{basisOf(view)}</p>
      <div role="alert" class="sr">
        {isBad
          ? `${title}. ${sentenceOf(view, isCertain)}`
          : view.connection === 'lost'
            ? 'The connection is lost.'
            : ''}
      </div>
      {hello?.expected === undefined ? null : <p class="sr">Held to {hello.expected}.</p>}
    </section>
  )
}

/** Renders markup from the server, which has escaped every text in it. */
function Markup({ of }: { readonly of: string | undefined }): JSX.Element | null {
  return of === undefined || of === '' ? null : <div dangerouslySetInnerHTML={{ __html: of }} />
}

function sentenceOf({ verdict, frame }: View, isCertain: boolean): string {
  if (frame?.failure !== undefined) return frame.failure
  if (isCertain)
    return 'No order explains the operations so far. The search for those that contradict each other is still running.'
  return verdict?.sentence ?? 'The first operations are on their way.'
}

function basisOf({ verdict, connection, frame }: View): string {
  const noticed = noticedText(frame?.violation)
  if (verdict === undefined) return noticed
  const operations = `${count(verdict.operations)} operations`
  if (verdict.upTo === undefined)
    return verdict.operations === 0 ? '' : `The whole run, ${operations}. ${noticed}`.trim()
  const upTo =
    frame?.violation !== undefined || verdict.title === FINAL_AT_ONCE
      ? `Found within ${clock(verdict.upTo)}, in ${operations}. Nothing later can undo it. ${noticed}`.trim()
      : `Holds up to ${clock(verdict.upTo)}, ${operations}; judged again as the run goes on.`
  if (connection === 'lost') return `${upTo} The connection is lost: shown up to ${clock(frame?.elapsed ?? 0)}.`
  return upTo
}

interface WhyProps {
  readonly verdict: Verdict | undefined
}

/** Shows the drawing of the contradiction that was found first, as in the report. */
export function Why({ verdict }: WhyProps): JSX.Element | null {
  if (verdict?.drawing === undefined) return null
  return <section class="why-part" dangerouslySetInnerHTML={{ __html: verdict.drawing }} />
}

export function Since({ verdict }: WhyProps): JSX.Element | null {
  const since = verdict?.since
  if (since === undefined) return null
  return (
    <section aria-labelledby="since">
      <h2 id="since">Found since: {since.title}</h2>
      <p class="since">{since.sentence}</p>
      <Markup of={since.answers} />
      {since.drawing === undefined ? null : (
        <div class="why-part" dangerouslySetInnerHTML={{ __html: since.drawing }} />
      )}
    </section>
  )
}

export function Ladder({ verdict }: WhyProps): JSX.Element {
  return (
    <section class="rungs" aria-labelledby="levels">
      {verdict === undefined ? null : (
        <h2 id="levels" class="sr">
          Consistency levels, strongest first
        </h2>
      )}
      <div dangerouslySetInnerHTML={{ __html: verdict?.ladder ?? '' }} />
    </section>
  )
}
