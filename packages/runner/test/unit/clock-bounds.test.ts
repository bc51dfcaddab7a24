import { nanos } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { type ClockBounds, type ClockSample, createClockBounds } from '../../src/load/clock-bounds.ts'

/** A remote clock whose rate changes at random. The function `read` also returns the true time. */
function remoteClock(random: () => number, mostDrift: number) {
  let [truth, remote] = [0, Math.floor((random() - 0.5) * 1e12)]
  return {
    pass(elapsed: number): void {
      truth += elapsed
      remote += elapsed / (1 + (random() * 2 - 1) * mostDrift)
    },
    read: () => ({ truth, remote: nanos(remote) }),
  }
}

const randomFrom = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

function observe(random: () => number, mostDrift: number) {
  const clock = remoteClock(random, mostDrift * 0.99)
  const samples: ClockSample[] = []
  const moments: { readonly truth: number; readonly remote: ReturnType<typeof nanos> }[] = []
  for (let step = 0; step < 60; step++) {
    clock.pass(random() * 2e7)
    if (random() < 0.5) {
      moments.push(clock.read())
      continue
    }
    const sent = nanos(clock.read().truth)
    clock.pass(random() ** 4 * 5e6)
    const { remote } = clock.read()
    clock.pass(random() ** 4 * 5e6)
    samples.push({ sent, remote, received: nanos(clock.read().truth) })
  }
  return { samples, moments }
}

const withSamples = (samples: readonly ClockSample[], bounds: ClockBounds = createClockBounds(500e-6)): ClockBounds => {
  for (const sample of samples) bounds.add(sample)
  return bounds
}

describe('the bounds on a remote clock', () => {
  test('the bounds on a remote clock contain the true time, whatever the offset, drift and delays', () => {
    const random = randomFrom(inject('seed'))
    const wrong: object[] = []
    for (let trial = 0; trial < 300; trial++) {
      const { samples, moments } = observe(random, 500e-6)
      const bounds = withSamples(samples)
      expect(bounds.isBroken()).toBe(false)
      for (const { truth, remote } of moments) {
        const { earliest, latest } = bounds.at(remote)
        // Sums of fractions are rounded, so a thousandth of a nanosecond is tolerated.
        if (earliest > truth + 1e-3 || latest < truth - 1e-3) wrong.push({ earliest, truth, latest })
      }
    }
    expect(wrong).toEqual([])
  })

  test('the bounds on a remote clock are as narrow as its fastest exchanges allow', () => {
    const bounds = withSamples([
      { sent: nanos(0), remote: nanos(1_000_000), received: nanos(100_000) },
      { sent: nanos(50_000_000), remote: nanos(51_000_000), received: nanos(90_000_000) },
      { sent: nanos(100_000_000), remote: nanos(101_050_000), received: nanos(100_100_000) },
    ])
    const { earliest, latest } = bounds.at(nanos(51_000_000))
    expect(latest - earliest).toBeLessThan(200_000)
  })

  test('forgetting the samples before a moment does not change the bounds on a remote clock after that moment', () => {
    const { samples, moments } = observe(randomFrom(7), 500e-6)
    const [all, some] = [withSamples(samples), withSamples(samples)]
    const { remote: middle } = moments[Math.floor(moments.length / 2)]!
    some.forget(middle)
    for (const { remote } of moments) if (remote >= middle) expect(some.at(remote)).toEqual(all.at(remote))
  })

  test('if a machine slept between two samples, the bounds on its clock span both samples and are marked as broken', () => {
    const bounds = withSamples([
      { sent: nanos(0), remote: nanos(0), received: nanos(1e6) },
      // Ten seconds passed on the local clock, and a tenth of a second on the remote clock.
      { sent: nanos(10e9), remote: nanos(1e8), received: nanos(10e9 + 1e6) },
    ])
    expect(bounds.isBroken()).toBe(true)
    expect(bounds.at(nanos(5e7))).toEqual({ earliest: 0, latest: 10e9 + 1e6 })
  })

  test('the bounds on a remote clock widen with the time since the last sample', () => {
    const bounds = withSamples([{ sent: nanos(0), remote: nanos(0), received: nanos(1e5) }])
    const { earliest, latest } = bounds.at(nanos(1e9))
    expect(earliest).toBe(1e9 * (1 - 500e-6))
    expect(latest).toBe(1e5 + 1e9 * (1 + 500e-6))
  })
})
