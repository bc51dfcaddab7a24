import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { TailRow } from './frames.ts'
import { clock, latency } from './words.ts'

const SHOWN = 16
const outcomes = { ok: 'ok', fail: 'refused', info: 'unknown' } as const

/** Shows a sample of the newest operations. The rows do not change between clicks on `Hold` and `Go on`. */
export function TailTable({ rows }: { readonly rows: readonly TailRow[] }): JSX.Element {
  const [held, hold] = useState<readonly TailRow[] | undefined>(undefined)
  const shown = (held ?? rows).slice(-SHOWN).toReversed()
  return (
    <section aria-labelledby="tail" class="tail">
      <h2 id="tail">
        Operations <small>up to eight of each second, half of them kept for those that did not succeed</small>
        <button
          type="button"
          aria-pressed={held !== undefined}
          onClick={() => hold(held === undefined ? rows : undefined)}
        >
          {held === undefined ? 'Hold' : 'Go on'}
        </button>
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label="The newest operations, scrolls sideways">
        <table>
          <thead>
            <tr>
              <th scope="col">Returned</th>
              <th scope="col">Client</th>
              <th scope="col">Node</th>
              <th scope="col">Operation</th>
              <th scope="col">Outcome</th>
              <th scope="col">Took</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr key={`${row.process} ${row.at}`} class={row.outcome}>
                <td>{clock(row.at)}</td>
                <td>{row.process}</td>
                <td>{row.node ?? ''}</td>
                <td>{row.text}</td>
                <td title={row.error}>
                  {outcomes[row.outcome]}
                  {row.error === undefined ? '' : `: ${row.error}`}
                </td>
                <td>{latency(row.ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  )
}
