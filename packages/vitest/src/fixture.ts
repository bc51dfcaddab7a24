import { type RecordDraft, type Recording, type Run, type RunDraft, record, run } from 'chaosproxy'
import { test as plain, type TestAPI } from 'vitest'

/** Runs and recordings that end with the test, whatever becomes of it. */
export interface ChaosFixture {
  /** Starts a target, hurts it while clients use it, and judges: see `run` of chaosproxy. */
  run(draft: RunDraft): Promise<Run>
  /** Opens a recording proxy in front of servers of your own: see `record` of chaosproxy. */
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
    // What was recorded is judged by the test; here its proxies only have to be closed.
    await Promise.allSettled(recordings.map((recording) => recording.stop()))
  },
})
