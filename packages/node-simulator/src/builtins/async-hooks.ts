import asyncHooks from 'node:async_hooks'
import { runningLife } from '../world/life.ts'

const { AsyncLocalStorage, createHook, executionAsyncId, executionAsyncResource, triggerAsyncId } = asyncHooks

/**
 * Asynchronous contexts are followed only once the program can observe them, because following them takes time at each
 * event. Many packages load this module without observing any context.
 */
export function asyncHooksModule(): object {
  const follow = (): void => {
    runningLife().followsContext = true
  }
  const following = <Call extends (...args: never[]) => unknown>(call: Call): Call =>
    function (this: unknown, ...args: Parameters<Call>) {
      follow()
      return Reflect.apply(call, this, args)
    } as Call
  return {
    ...asyncHooks,
    AsyncLocalStorage: new Proxy(AsyncLocalStorage, {
      construct(made, args, as) {
        follow()
        return Reflect.construct(made, args, as) as object
      },
      get(made, member) {
        if (member === 'bind' || member === 'snapshot') follow()
        return Reflect.get(made, member) as unknown
      },
    }),
    createHook: following(createHook),
    executionAsyncId: following(executionAsyncId),
    executionAsyncResource: following(executionAsyncResource),
    triggerAsyncId: following(triggerAsyncId),
  }
}
