const { getOwnPropertyDescriptor, is, isExtensible } = Object
const { defineProperty, deleteProperty, ownKeys } = Reflect

export interface Noted {
  readonly name: string
  readonly holder: object
  readonly keys: readonly PropertyKey[]
  readonly before: readonly (PropertyDescriptor | undefined)[]
}

export function noteMembers(name: string, holder: object): Noted {
  const keys = ownKeys(holder)
  const before: (PropertyDescriptor | undefined)[] = []
  for (let i = 0; i < keys.length; i++) before[i] = getOwnPropertyDescriptor(holder, keys[i] as PropertyKey)
  return { name, holder, keys, before }
}

export function replacedIn(noted: readonly Noted[]): string | undefined {
  let first: string | undefined
  for (let i = 0; i < noted.length; i++) first ??= lookAt(noted[i] as Noted, false)
  return first
}

/**
 * Restores all members. `replaced` is what {@link replacedIn} would have returned before the restoration. `stays` names
 * the first member or object that cannot be restored.
 */
export function putBack(noted: readonly Noted[]): {
  readonly replaced: string | undefined
  readonly stays: string | undefined
} {
  let replaced: string | undefined
  let stays: string | undefined
  for (let i = 0; i < noted.length; i++) {
    const each = noted[i] as Noted
    const found = lookAt(each, true)
    replaced ??= found
    stays ??= removeAdded(each) ?? (isExtensible(each.holder) ? undefined : each.name)
  }
  return { replaced, stays }
}

export function areChanged(noted: readonly Noted[]): boolean {
  for (let i = 0; i < noted.length; i++) {
    const { holder, keys, before } = noted[i] as Noted
    if (ownKeys(holder).length !== keys.length || !isExtensible(holder)) return true
    for (let k = 0; k < keys.length; k++) {
      const was = before[k]
      const now = getOwnPropertyDescriptor(holder, keys[k] as PropertyKey)
      if (isLoaded(was, now)) continue
      if (!is(now?.value, was?.value) || now?.get !== was?.get) return true
    }
  }
  return false
}

function lookAt({ name, holder, keys, before }: Noted, isPutBack: boolean): string | undefined {
  let found = isExtensible(holder) ? undefined : name
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as PropertyKey
    const was = before[i]
    const now = getOwnPropertyDescriptor(holder, key)
    if (was === undefined || is(now?.value, was.value) || isLoaded(was, now)) continue
    // A replaced member is reported only if it was a function. Other members are settings, such as
    // `Error.stackTraceLimit`.
    if (typeof was.value === 'function') found ??= nameOf(name, key)
    if (isPutBack) defineProperty(holder, key, was)
  }
  return found
}

/**
 * Some getters of Node load a value when they are first read, and then replace themselves by this value. Returns
 * whether a getter has done so.
 */
const isLoaded = (was: PropertyDescriptor | undefined, now: PropertyDescriptor | undefined): boolean =>
  was?.get !== undefined && now?.get === undefined

/** Removes members that were added. Returns the name of the first member that cannot be removed. */
function removeAdded({ name, holder, keys }: Noted): string | undefined {
  const now = ownKeys(holder)
  if (now.length === keys.length) return undefined
  let stays: string | undefined
  for (let i = 0; i < now.length; i++) {
    const key = now[i] as PropertyKey
    let isKnown = false
    for (let k = 0; k < keys.length && !isKnown; k++) isKnown = keys[k] === key
    if (!isKnown && !deleteProperty(holder, key)) stays ??= nameOf(name, key)
  }
  return stays
}

const nameOf = (of: string, key: PropertyKey): string => (of === 'globalThis' ? String(key) : `${of}.${String(key)}`)
