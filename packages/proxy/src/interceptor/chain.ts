import type { Exit, Intercept, Interceptor, Stage } from './interceptor.ts'

/**
 * Chains two interceptors. The outer interceptor, such as a recorder, is next to the client. The inner interceptor is
 * next to the faults of the links. The outer interceptor must pass responses on unchanged.
 *
 * The inner interceptor may change the number of request bytes, so the outer interceptor gets only an estimate of its
 * delivered bytes. If the inner interceptor had received n bytes when it passed a byte on, then n bytes count as
 * delivered once the server gets this byte. The estimate may include dropped bytes, but it is never too low. In doubt,
 * a recorder gives a lost request an unknown outcome.
 */
export function chain(outer: Intercept, inner: Intercept): Intercept {
  return (conversation) => {
    const reading = sharedReading(conversation.requests)
    const progress = createProgress()
    const innermost: Interceptor = inner({
      ...conversation,
      disturbed: (altered) => outermost.disturbed?.(altered),
      requests: {
        ...forwarding(() => conversation.requests),
        pass: (bytes) => {
          progress.passed(bytes.length)
          return conversation.requests.pass(bytes)
        },
        setReading: reading(),
        get congested() {
          return conversation.requests.congested
        },
      },
      // These functions use `outermost`, which is created below. Nothing arrives from the backend before that.
      responses: {
        ...forwarding(() => outermost.responses),
        pass: (bytes) => outermost.responses.receive(bytes),
        setReading: (wanted) => conversation.responses.setReading(wanted),
        get congested() {
          return conversation.responses.congested
        },
      },
    })
    const outermost: Interceptor = outer({
      ...conversation,
      requests: {
        ...forwarding(() => innermost.requests),
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
      get isIdle() {
        return outermost.isIdle === true
      },
      requests: {
        ...forwarding(() => outermost.requests),
        receive: (bytes) => outermost.requests.receive(bytes),
        delivered: (totalBytes) => {
          innermost.requests.delivered(totalBytes)
          outermost.requests.delivered(progress.delivered(totalBytes))
        },
        altered: () => {
          innermost.requests.altered?.()
          outermost.requests.altered?.()
        },
      },
      responses: {
        ...forwarding(() => innermost.responses),
        receive: (bytes) => innermost.responses.receive(bytes),
        delivered: (totalBytes) => {
          innermost.responses.delivered(totalBytes)
          outermost.responses.delivered(totalBytes)
        },
      },
      closed() {
        for (const each of [innermost, outermost]) each.closed()
      },
      failed(error) {
        for (const each of [innermost, outermost]) each.failed?.(error)
      },
    }
  }
}

const forwarding = (to: () => Pick<Exit | Stage, 'end' | 'reset'>): Pick<Exit, 'end' | 'reset'> => ({
  end: () => to().end(),
  reset: () => to().reset(),
})

/** Lets two callers stop reading from the same sender. The sender is read only while neither caller has stopped it. */
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

function createProgress() {
  let taken = 0
  let passed = 0
  let delivered = 0
  /**
   * Runs of bytes that the inner interceptor passed on without receiving bytes in between. `start`: the position of a
   * run's first byte. `taken`: how many bytes the inner interceptor had received before the run.
   */
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
      while (runs[1] !== undefined && runs[1].start < totalBytes) runs.shift()
      const [reached] = runs
      if (reached !== undefined && reached.start < totalBytes) delivered = reached.taken
      return delivered
    },
  }
}
