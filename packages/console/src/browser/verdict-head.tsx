import type { JSX } from 'preact'
import type { Verdict } from './frames.ts'
import type { View } from './view.ts'
import { clock, count } from './words.ts'

/** No continuation of a record makes it linearizable again. */
const FINAL_AT_ONCE = 'Not linearizable'

/** The verdict as far as it is known. Its place is reserved, so that nothing moves when it turns. */
export function VerdictHead({ view }: { readonly view: View }): JSX.Element {
  const { verdict, frame, hello } = view
  const isCertain = frame?.violatedNow === true && verdict?.mood !== 'bad'
  const title = isCertain ? FINAL_AT_ONCE : (verdict?.title ?? 'No verdict yet')
  const isBad = isCertain || verdict?.mood === 'bad'
  const isFinal =
    frame?.violatedNow === true || title === FINAL_AT_ONCE || verdict === undefined || verdict.upTo === undefined
  return (
    <section class="verdict" aria-labelledby="verdict">
      <h1 id="verdict" class={isBad ? 'bad' : ''}>
        {title}
        {isFinal ? null : <small> so far</small>}
      </h1>
      <p class="lede">{sentenceOf(view, isCertain)}</p>
      <Markup of={isCertain ? undefined : verdict?.answers} />
      <p class="basis">{basisOf(view)}</p>
      {verdict?.since === undefined ? null : (
        <p class="since">
          Found since: {verdict.since.title}. {verdict.since.sentence}
        </p>
      )}
      <Markup of={verdict?.since?.answers} />
      {verdict === undefined ? null : <h2 class="sr">Consistency levels, strongest first</h2>}
      <div class="rungs" dangerouslySetInnerHTML={{ __html: verdict?.ladder ?? '' }} />
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

/** Markup of the server's own, every text in it escaped. */
function Markup({ of }: { readonly of: string | undefined }): JSX.Element | null {
  return of === undefined || of === '' ? null : <div dangerouslySetInnerHTML={{ __html: of }} />
}

function sentenceOf({ verdict, frame }: View, isCertain: boolean): string {
  if (frame?.failure !== undefined) return frame.failure
  if (isCertain) return 'The operations so far cannot be ordered any more; which ones is being worked out.'
  return verdict?.sentence ?? 'The first operations are on their way.'
}

/** What the verdict rests on. */
function basisOf({ verdict, connection, frame }: View): string {
  if (verdict === undefined) return ''
  const operations = `${count(verdict.operations)} operations`
  if (verdict.upTo === undefined) return verdict.operations === 0 ? '' : `The whole run, ${operations}.`
  const upTo =
    frame?.violatedNow === true || verdict.title === FINAL_AT_ONCE
      ? `Found within ${clock(verdict.upTo)}, in ${operations}. Nothing later can undo it.`
      : `Holds up to ${clock(verdict.upTo)}, ${operations}; judged again as the run goes on.`
  if (connection === 'lost') return `${upTo} The connection is lost: shown up to ${clock(frame?.elapsed ?? 0)}.`
  return upTo
}

/** The contradictions as the report draws them, the one that was found first above. */
export function Why({ verdict }: { readonly verdict: Verdict | undefined }): JSX.Element {
  const drawings = [verdict?.drawing, verdict?.since?.drawing]
  return (
    <>
      {drawings.map((drawing, i) =>
        drawing === undefined ? null : (
          <section key={String(i)} class="why-part" dangerouslySetInnerHTML={{ __html: drawing }} />
        ),
      )}
    </>
  )
}
