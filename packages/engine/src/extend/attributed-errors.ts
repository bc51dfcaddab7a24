import { errorText, inputError, UserError } from '@chaosproxy/history'

/** Wraps a definition, so that an error in one of its functions names the definition. */
export function withAttributedErrors<Own extends object>(own: Own, who: string): Own {
  return new Proxy({} as Own, {
    has: (_, member) => member in own,
    get(_, member) {
      const value: unknown = Reflect.get(own, member)
      if (typeof value !== 'function') return value
      return (...given: readonly unknown[]) => called(() => value.apply(own, given), who, String(member))
    },
  })
}

function called(call: () => unknown, who: string, member: string): unknown {
  const rethrow = (error: unknown): never => {
    if (error instanceof UserError) throw error
    throw inputError(`${who} threw in ${member}: ${errorText(error)}`)
  }
  try {
    const result = call()
    return result instanceof Promise ? result.catch(rethrow) : result
  } catch (error) {
    return rethrow(error)
  }
}
