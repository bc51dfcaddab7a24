import { judgeSaved } from './judge-saved.ts'
import type { Answer, Question } from './messages.ts'

/** The least time between two messages. Users would not notice more frequent ones. */
const BETWEEN_MS = 100

let last = Number.NEGATIVE_INFINITY

const post = (answer: Answer): void => self.postMessage(answer)

self.onmessage = async ({ data }: MessageEvent<Question>) => {
  const outcome = await judgeSaved(data, (progress) => {
    const now = performance.now()
    if (progress.type === 'reading' && now - last < BETWEEN_MS) return
    last = now
    post(progress)
  })
  post(outcome)
}
