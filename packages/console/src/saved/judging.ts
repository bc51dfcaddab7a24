import type { Answer, Question } from './messages.ts'

/** What a worker is doing; `stop` ends it, whatever that is. */
export interface Judging {
  stop(): void
}

/**
 * Judges on another thread. Its code is part of the page, since a page that was opened from disk may load nothing: it
 * starts from a Blob.
 */
export function startJudging(code: string, question: Question, told: (answer: Answer) => void): Judging {
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
