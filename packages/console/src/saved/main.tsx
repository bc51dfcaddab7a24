import { printable } from '@chaosproxy/report'
import { type JSX, render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { type Choice, HistoryForm, namedFiles } from './history-form.tsx'
import type { Answer, Judged, Progress, Question, SavedFile } from './messages.ts'
import type { Setting } from './setting.ts'
import { emptyView, progressText, tabTitle, type View, withAnswer } from './view.ts'

const textOf = (id: string): string => document.getElementById(id)?.textContent ?? ''

const setting: Setting = JSON.parse(textOf('setting'))
const worker: string = JSON.parse(textOf('worker'))

let view: View = emptyView
let choice: Choice = { model: undefined, timeoutMs: setting.timeoutMs }
let judging: Judging | undefined

function update(next: View): void {
  view = next
  document.title = tabTitle(view)
  const place = document.getElementById('page')
  if (place !== null) render(<Page />, place)
}

function judge(files: readonly SavedFile[]): void {
  const [first] = files
  if (first === undefined) return
  judging?.stop()
  update({ at: 'working', name: first.name, progress: undefined })
  judging = startJudging(worker, { files, ...choice, version: setting.version }, (answer) =>
    update(withAnswer(view, answer)),
  )
}

function stop(): void {
  judging?.stop()
  update({ at: 'asking', refusal: 'Stopped before a verdict on this history.' })
}

function Page() {
  if (view.at === 'showing') return <Showing judged={view.judged} again={() => update(emptyView)} />
  if (view.at === 'working')
    return (
      <main>
        <Working name={view.name} progress={view.progress} timeoutMs={choice.timeoutMs} stop={stop} />
      </main>
    )
  const choose = (chosen: Choice): void => {
    choice = chosen
    update(view)
  }
  return (
    <main>
      <HistoryForm setting={setting} refusal={view.refusal} choice={choice} choose={choose} judge={judge} />
    </main>
  )
}

/**
 * Accepts files that are dropped anywhere on the page. By default, a browser leaves the page to show a dropped file.
 */
function takeDrops(): void {
  const { classList } = document.documentElement
  addEventListener('dragover', (event) => {
    event.preventDefault()
    classList.add('dropping')
  })
  addEventListener('dragleave', () => classList.remove('dropping'))
  addEventListener('drop', (event) => {
    event.preventDefault()
    classList.remove('dropping')
    const files = event.dataTransfer?.files
    if (files !== undefined && files.length > 0) judge(namedFiles(files))
    else update({ at: 'asking', refusal: 'That was no file: drop one, or paste the lines of a history.' })
  })
}

takeDrops()
update(view)

/** The work of a worker; `stop` ends it at any stage. */
interface Judging {
  stop(): void
}

/** Judges in a web worker, whose code is a Blob, because browsers forbid a page from disk to load files. */
function startJudging(code: string, question: Question, onAnswer: (answer: Answer) => void): Judging {
  const address = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }))
  const worker = new Worker(address)
  const stop = (): void => {
    worker.terminate()
    URL.revokeObjectURL(address)
  }
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    if (data.type === 'judged' || data.type === 'refused') stop()
    onAnswer(data)
  }
  // The cause is most likely the memory limit of the tab, which browsers do not report.
  worker.onerror = (event) => {
    event.preventDefault()
    stop()
    onAnswer({
      type: 'refused',
      why: `Judging ended with an error: ${event.message || 'out of memory?'}. Check large files on the command line: npx chaos check FILE`,
    })
  }
  worker.postMessage(question)
  return { stop }
}

/** Shows the report in a frame that has no access to this page. */
function Showing({ judged, again }: { readonly judged: Judged; readonly again: () => void }): JSX.Element {
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

/** Browsers need the object URL for a while after the click. */
const KEPT_MS = 60_000

function save(name: string, type: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS)
}

interface WorkingProps {
  readonly name: string
  readonly progress: Progress | undefined
  readonly timeoutMs: number
  readonly stop: () => void
}

function Working({ name, progress, timeoutMs, stop }: WorkingProps): JSX.Element {
  const isJudging = progress?.type === 'judging'
  const seconds = useSeconds(isJudging)
  const share = progress?.type === 'reading' && progress.bytes <= progress.of ? progress.bytes / progress.of : undefined
  return (
    <section class="working" aria-labelledby="title">
      <h1 id="title">
        Judging <bdi>{printable(name)}</bdi>
      </h1>
      <p class="lede" role="status">
        {progressText(progress)}
      </p>
      <progress aria-label="Progress" value={share} />
      <p class="note">
        {isJudging ? `${seconds} s of at most ${timeoutMs / 1000} s; the report then takes a moment.` : ' '}
      </p>
      <button type="button" id="stop" onClick={stop}>
        Stop
      </button>
    </section>
  )
}

function useSeconds(counts: boolean): number {
  const [seconds, setSeconds] = useState(0)
  useEffect(() => {
    if (!counts) return
    const timer = setInterval(() => setSeconds((before) => before + 1), 1000)
    return () => clearInterval(timer)
  }, [counts])
  return seconds
}
