import type { Exit, Intercept, Interceptor, Stage } from './interceptor.ts'

/**
 * Two interceptors one behind the other: the outer at the client edge, such as a recorder, the inner between it and the
 * faults of the links, such as message faults. The outer passes responses on just as they come to it.
 *
 * The outer is told that bytes were delivered once anything is that the inner passed on after it took them in: where the
 * inner drops or reorders, it may be told so of bytes that were not, never the other way round. So a recorder takes a
 * lost request for one of unknown outcome where it cannot know better.
 */
export function chain(outer: Intercept, inner: Intercept): Intercept {
  return (conversation) => {
    const reading = sharedReading(conversation.requests)
    const progress = createProgress()
    const innermost: Interceptor = inner({
      ...conversation,
      disturbed: () => outermost.disturbed?.(),
      requests: {
        ...forwarding(conversation.requests),
        pass: (bytes) => {
          progress.passed(bytes.length)
          return conversation.requests.pass(bytes)
        },
        setReading: reading(),
        get congested() {
          return conversation.requests.congested
        },
      },
      // The outer is made after the inner, and nothing comes from the backend before both are.
      responses: {
        pass: (bytes) => outermost.responses.receive(bytes),
        end: () => outermost.responses.end(),
        reset: () => outermost.responses.reset(),
        setReading: (wanted) => conversation.responses.setReading(wanted),
        get congested() {
          return conversation.responses.congested
        },
      },
    })
    const outermost: Interceptor = outer({
      ...conversation,
      requests: {
        ...forwarding(innermost.requests),
        pass: (bytes) => {
          progress.took(bytes.length)
          return innermost.requests.receive(bytes)
        },
        setReading: reading(),
        get congested() {
          return conversation.requests.congested
        },
      },
    })
    return {
      requests: {
        receive: (bytes) => outermost.requests.receive(bytes),
        end: () => outermost.requests.end(),
        reset: () => outermost.requests.reset(),
        delivered: (totalBytes) => {
          innermost.requests.delivered(totalBytes)
          outermost.requests.delivered(progress.delivered(totalBytes))
        },
      },
      responses: {
        receive: (bytes) => innermost.responses.receive(bytes),
        end: () => innermost.responses.end(),
        reset: () => innermost.responses.reset(),
        delivered: (totalBytes) => {
          innermost.responses.delivered(totalBytes)
          outermost.responses.delivered(totalBytes)
        },
      },
      closed() {
        innermost.closed()
        outermost.closed()
      },
    }
  }
}

const forwarding = (to: Pick<Exit | Stage, 'end' | 'reset'>): Pick<Exit, 'end' | 'reset'> => ({
  end: () => to.end(),
  reset: () => to.reset(),
})

/** The sender is read while every one of those who may ask it to stop wants it to be. */
function sharedReading(exit: Exit): () => Exit['setReading'] {
  const stopped: Set<symbol> = new Set()
  return () => {
    const self = Symbol()
    return (wanted) => {
      if (wanted) stopped.delete(self)
      else stopped.add(self)
      exit.setReading(stopped.size === 0)
    }
  }
}

/** Of the bytes taken in, how many may be among those that were delivered. */
function createProgress() {
  let taken = 0
  let passed = 0
  let delivered = 0
  /** Where in the passed bytes a run begins, and what had been taken in by then. */
  const runs: { readonly start: number; readonly taken: number }[] = []
  return {
    took(bytes: number): void {
      taken += bytes
    },
    passed(bytes: number): void {
      if (runs.at(-1)?.taken !== taken) runs.push({ start: passed, taken })
      passed += bytes
    },
    delivered(totalBytes: number): number {
      // The last run that was reached may go on.
      while (runs[1] !== undefined && runs[1].start < totalBytes) runs.shift()
      const [reached] = runs
      if (reached !== undefined && reached.start < totalBytes) delivered = reached.taken
      return delivered
    },
  }
}
