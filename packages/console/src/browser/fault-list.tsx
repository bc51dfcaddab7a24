import type { JSX } from 'preact'
import type { FaultRow } from './frames.ts'
import { clock } from './words.ts'

interface FaultListProps {
  readonly faults: readonly FaultRow[]
  readonly canHeal: boolean
  readonly heal: (id: string) => void
}

/** Past faults shown at once; the report has all. */
const MOST_PAST = 30

/** The faults in force, then those that are over, newest first. */
export function FaultList({ faults, canHeal, heal }: FaultListProps): JSX.Element {
  const now = faults.filter(({ to }) => to === undefined)
  const past = faults.filter(({ to }) => to !== undefined).toReversed()
  return (
    <section aria-labelledby="faults">
      <h2 id="faults">
        {now.length === 0 ? 'No fault in force' : `${now.length} ${now.length === 1 ? 'fault' : 'faults'} in force`}
      </h2>
      <ul class="faults">
        {now.map((fault) => (
          <li key={fault.id} class={fault.byHand ? 'by-hand' : ''}>
            <span>
              <b>{fault.text}</b>
              <small>
                since {clock(fault.from)}, {fault.byHand ? 'by hand' : 'by the nemesis'}
              </small>
            </span>
            <button type="button" disabled={!canHeal} onClick={() => heal(fault.id)} aria-label={`Heal ${fault.text}`}>
              Heal
            </button>
          </li>
        ))}
      </ul>
      {past.length === 0 ? null : (
        <details>
          <summary>{past.length} over</summary>
          <ul class="faults past">
            {past.slice(0, MOST_PAST).map((fault) => (
              <li key={fault.id}>
                <span>
                  {fault.text}
                  <small>
                    {clock(fault.from)} to {clock(fault.to ?? 0)}, {fault.byHand ? 'by hand' : 'by the nemesis'}
                    {fault.hits === 0 ? ', never took effect: it proves nothing' : ''}
                  </small>
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  )
}
