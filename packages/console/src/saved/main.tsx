import { render } from 'preact'
import { Asking, type Choice, namedFiles } from './asking.tsx'
import type { Answer, Question, SavedFile } from './messages.ts'
import type { Setting } from './setting.ts'
import { Showing } from './showing.tsx'
import { emptyView, tabTitle, type View, withAnswer } from './view.ts'
import { Working } from './working.tsx'

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
  update({ at: 'asking', refusal: 'Stopped: nothing is known of this history.' })
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
      <Asking setting={setting} refusal={view.refusal} choice={choice} choose={choose} judge={judge} />
    </main>
  )
}

/** A file that is dropped elsewhere would be opened in place of the page. */
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

/** What a worker is doing; `stop` ends it, whatever that is. */
interface Judging {
  stop(): void
}

/** Judges on another thread, started from a Blob: a page that was opened from disk may load nothing. */
function startJudging(code: string, question: Question, told: (answer: Answer) => void): Judging {
  const address = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }))
  const worker = new Worker(address)
  const stop = (): void => {
    worker.terminate()
    URL.revokeObjectURL(address)
  }
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    if (data.type === 'judged' || data.type === 'refused') stop()
    told(data)
  }
  // An error that nobody foresaw; most likely the tab's memory, of which nothing better is said.
  worker.onerror = (event) => {
    event.preventDefault()
    stop()
    told({
      type: 'refused',
      why: `Judging ended with an error: ${event.message || 'out of memory?'}. The command line takes more: npx chaos check FILE`,
    })
  }
  worker.postMessage(question)
  return { stop }
}
