import { type RecordDraft, type Recording, type Run, type RunDraft, record, run } from 'chaosproxy'
import { test as plain, type TestAPI } from 'vitest'

/** Runs and recordings that end with the test, even if it fails. */
export interface ChaosFixture {
  /** Starts a target, injects faults while clients use it, and judges the run: see `run` of chaosproxy. */
  run(draft: RunDraft): Promise<Run>
  /** Opens a recording proxy in front of your own servers: see `record` of chaosproxy. */
  record(draft: RecordDraft): Promise<Recording>
}

/** Vitest's `test` with the fixture `chaos`. */
export const test: TestAPI<{ chaos: ChaosFixture }> = plain.extend<{ chaos: ChaosFixture }>({
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads from the pattern which fixtures this one needs
  chaos: async ({}, use) => {
    const ending = new AbortController()
    const recordings: Recording[] = []
    await use({
      run: (draft) => run(draft, { signal: ending.signal }),
      async record(draft) {
        const recording = await record(draft)
        recordings.push(recording)
        return recording
      },
    })
    ending.abort()
    // Problems of a recording are ignored here, because a test that wants a verdict awaits `stop` itself.
    await Promise.allSettled(recordings.map((recording) => recording.stop()))
  },
})
