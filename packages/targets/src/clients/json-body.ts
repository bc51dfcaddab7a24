import { isObject, type Json } from '@chaosproxy/history'

export interface Body {
  readonly [member: string]: Json | undefined
}

export const isBody = (json: unknown): json is Body => isObject(json)

export function bodyOf(text: string): Body | undefined {
  try {
    const json: unknown = JSON.parse(text)
    return isBody(json) ? json : undefined
  } catch {
    return undefined
  }
}

/** Returns an object member; empty if absent. */
export function bodyIn(body: Body, member: string): Body {
  const found = body[member]
  return isBody(found) ? found : {}
}

/** Returns a list member; empty if absent. */
export function listIn(body: Body, member: string): readonly Body[] {
  const found = body[member]
  return Array.isArray(found) ? found.filter(isBody) : []
}

/** Returns a number, even if the body has it as text; 0 if absent. Revisions stay below 2^53: a double is exact. */
export const numberIn = (body: Body, member: string): number => Number(body[member] ?? 0)
