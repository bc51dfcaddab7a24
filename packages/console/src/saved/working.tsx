import { printable } from '@chaosproxy/report'
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Progress } from './messages.ts'
import { progressText } from './view.ts'

interface WorkingProps {
  readonly name: string
  readonly progress: Progress | undefined
  readonly timeoutMs: number
  readonly stop: () => void
}

/** What is being done, for how long, and the way to end it. */
export function Working({ name, progress, timeoutMs, stop }: WorkingProps): JSX.Element {
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
        {isJudging ? `${seconds} s of at most ${timeoutMs / 1000} s, and a moment for the report.` : ' '}
      </p>
      <button type="button" id="stop" onClick={stop}>
        Stop
      </button>
    </section>
  )
}

/** Whole seconds since this began to be so. */
function useSeconds(counts: boolean): number {
  const [seconds, setSeconds] = useState(0)
  useEffect(() => {
    if (!counts) return
    const timer = setInterval(() => setSeconds((before) => before + 1), 1000)
    return () => clearInterval(timer)
  }, [counts])
  return seconds
}
