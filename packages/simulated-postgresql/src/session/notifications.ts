export interface Subscriber {
  readonly pid: number
  readonly channels: ReadonlySet<string>
  deliver(notification: Notification): void
}

export interface Notification {
  readonly pid: number
  readonly channel: string
  readonly payload: string
}

export class Notifications {
  readonly #subscribers = new Set<Subscriber>()

  subscribe(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber)
  }

  unsubscribe(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber)
  }

  /** Delivers notifications at the commit, also to the sender. */
  publish(notifications: readonly Notification[]): void {
    for (const notification of notifications)
      for (const subscriber of this.#subscribers)
        if (subscriber.channels.has(notification.channel)) subscriber.deliver(notification)
  }
}
