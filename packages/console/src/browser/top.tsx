import { count } from '@chaosproxy/history'
import type { JSX } from 'preact'
import type { DraftedOrder } from './connection.ts'
import type { View } from './view.ts'
import { clock, stageWords } from './words.ts'

interface TopProps {
  readonly view: View
  readonly theme: string
  readonly nextTheme: () => void
  readonly order: (order: DraftedOrder) => void
}

export function Top({ view, theme, nextTheme, order }: TopProps): JSX.Element | null {
  const { hello, frame, connection, verdict } = view
  if (hello === undefined || frame === undefined) return null
  const { ok, fail, info } = frame.counts
  const isLive = connection === 'live' && frame.stage === 'working'
  const isOver = frame.stage === 'judged' || frame.stage === 'failed'
  return (
    <header class="top">
      <span>
        <i
          class={`dot${isLive ? ' live' : ''}${verdict?.mood === 'bad' || frame.violation !== undefined ? ' bad' : ''}`}
        />
        <b>chaos</b> {hello.version}
      </span>
      <span>{hello.title}</span>
      <span>
        {hello.workload}, seed {hello.seed}
      </span>
      <span class="figures">
        {clock(frame.elapsed)}
        {hello.timeMs > 0 && !isOver ? ` of ${clock(hello.timeMs)}` : ''} · {stageWords[frame.stage]}
      </span>
      <span class="figures">
        {count(ok)} ok · {count(fail)} refused · {count(info)} unknown
      </span>
      <span class="buttons">
        {frame.report === undefined ? null : (
          <a class="button" href={frame.report} target="_blank" rel="noreferrer">
            Open the report
          </a>
        )}
        {isOver ? (
          <button
            type="button"
            disabled={connection !== 'live' || hello.unrepeatable !== undefined}
            title={hello.unrepeatable}
            onClick={() => order({ type: 'again' })}
          >
            Start again, seed {hello.seed}
          </button>
        ) : (
          <button type="button" disabled={!isLive} onClick={() => order({ type: 'stop' })}>
            Stop and judge
          </button>
        )}
        <button type="button" onClick={nextTheme}>
          Theme: {theme}
        </button>
      </span>
    </header>
  )
}
