import { count } from '@chaosproxy/history'
import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { Chart, type Line } from './chart.tsx'
import { errorsOf, errorTotals, latencyOf, throughputOf } from './series.ts'
import type { View } from './view.ts'
import { latency } from './words.ts'

const THROUGHPUT: readonly Line[] = [
  { label: 'ok', colour: '--data', fill: '--d1' },
  { label: 'refused', colour: '--down' },
  { label: 'outcome unknown', colour: '--ink', dash: [4, 3] },
]
const LATENCY: readonly Line[] = [
  { label: 'half are faster', colour: '--data' },
  { label: '99% are faster', colour: '--line2' },
]
const ERROR_COLOURS = ['--down', '--data', '--line2', '--ink', '--hatch', '--d2', '--ink2', '--accent'] as const

export function Charts({ view, theme }: { readonly view: View; readonly theme: string }): JSX.Element {
  const { bins, faults, frame } = view
  const isOver = frame?.stage === 'judged' || frame?.stage === 'failed'
  const end = (frame?.elapsed ?? 0) / 1000
  const columns = useMemo(
    () => ({
      throughput: throughputOf(bins, isOver),
      latency: latencyOf(bins, isOver),
      errors: errorsOf(bins, isOver),
    }),
    [bins, isOver],
  )
  const errors = bins.errors.map((label, i): Line => ({ label, colour: ERROR_COLOURS[i] ?? '--ink2' }))
  const shared = { faults, end, theme }
  return (
    <section class="over-time" aria-labelledby="over-time">
      <h2 id="over-time">Over time</h2>
      <Chart title="Operations per second" lines={THROUGHPUT} columns={columns.throughput} format={count} {...shared} />
      <Chart title="Latency" lines={LATENCY} columns={columns.latency} format={latency} {...shared} />
      {errors.length === 0 ? null : (
        <>
          <Chart title="Errors per second" lines={errors} columns={columns.errors} format={count} {...shared} />
          <p class="note">
            {errorTotals(bins)
              .map(({ name, total }) => `${count(total)} × ${name}`)
              .join(' · ')}
          </p>
        </>
      )}
    </section>
  )
}
