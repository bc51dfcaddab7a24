import { printable } from '@chaosproxy/report'
import type { JSX } from 'preact'
import type { Judged } from './messages.ts'

interface ShowingProps {
  readonly judged: Judged
  readonly again: () => void
}

/** The report, in a frame that has no access to this page. */
export function Showing({ judged, again }: ShowingProps): JSX.Element {
  const { file, page, json } = judged
  const stem = file.replace(/\.(gz|zst)$/, '').replace(/\.[^.]*$/, '') || 'history'
  return (
    <>
      <header class="bar">
        <h1>
          <bdi>{printable(file)}</bdi>
        </h1>
        <span class="buttons">
          <button type="button" id="again" onClick={again}>
            Judge another
          </button>
          <button type="button" id="save-report" onClick={() => save(`${stem}.html`, 'text/html', page)}>
            Save report
          </button>
          <button type="button" id="save-json" onClick={() => save(`${stem}.result.json`, 'application/json', json)}>
            Save JSON
          </button>
        </span>
      </header>
      <main>
        <iframe title="Report" sandbox="allow-scripts allow-downloads" srcdoc={page} />
      </main>
    </>
  )
}

/** Browsers need the address for a while after the click. */
const KEPT_MS = 60_000

function save(name: string, type: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS)
}
