// presence - who else is there: of each topic or pattern, those who have
// subscribed to it by that very name, at any gateway. A WebSocket is told what
// changes; on the other kinds it is asked for, as often as they poll.

export class Presence {
	#host; #known = new Map(); // by topic: {count, users}
	#watched = new Set(); #answered = new Set(); // on this link
	#link = null; #timer = 0;

	constructor(host) {
		this.#host = host;
	}

	/** Those of topics are wanted; link carries what is said of them. */
	watch(link, topics) {
		if (link !== this.#link) {
			this.#link = link;
			this.#watched.clear();
			this.#answered.clear();
		}
		for (const set of [this.#watched, this.#answered])
			keepOnly(set, topics);
		keepOnly(this.#known, topics);
		if (link?.watch) {
			clearTimeout(this.#timer);
			this.#say(topics.filter((t) => !this.#watched.has(t)));
		} else if (link && topics.some((t) => !this.#watched.has(t))) {
			topics.forEach((t) => this.#watched.add(t));
			this.#ask();
		}
	}

	/** What had no answer, because there were too many at once, is said again. */
	again() {
		this.#say([...this.#watched].filter((t) => !this.#answered.has(t)));
	}

	stop() {
		clearTimeout(this.#timer);
		this.#link = null;
	}

	/** As it is known now, or null. */
	now(topic) {
		const known = this.#known.get(topic);

		return known ? { topic, count: known.count, users: [...known.users],
			joined: [...known.users], left: [] } : null;
	}

	hear({ topic, count, joined, left, all }) {
		const before = this.#known.get(topic)?.users ?? new Set();
		const users = new Set(all ? [] : before);

		this.#answered.add(topic);
		left?.forEach((u) => users.delete(u));
		joined?.forEach((u) => users.add(u));
		this.#tell(topic, count, before, users);
	}

	#tell(topic, count, before, users) {
		const known = this.#known.get(topic);
		const joined = [...users].filter((u) => !before.has(u));
		const left = [...before].filter((u) => !users.has(u));

		if (known?.count === count && !joined.length && !left.length)
			return;
		this.#known.set(topic, { count, users });
		this.#host.told({ topic, count, users: [...users], joined, left });
	}

	#say(topics) {
		if (!topics.length || !this.#link?.watch)
			return;
		topics.forEach((t) => this.#watched.add(t));
		this.#link.watch(topics);
	}

	async #ask() {
		const link = this.#link, { api } = this.#host;

		clearTimeout(this.#timer);
		for (const topic of [...this.#watched])
			try {
				const { count, users } = await api.json(
					`presence?topic=${encodeURIComponent(topic)}`);

				if (link !== this.#link)
					return;
				if (this.#watched.has(topic))
					this.hear({ topic, count, joined: users, all: true });
			} catch (e) {
				this.#host.error(e);
			}
		clearTimeout(this.#timer);
		if (link === this.#link && this.#watched.size)
			this.#timer = setTimeout(() => this.#ask(), this.#host.askMs);
	}
}

function keepOnly(set, topics) {
	for (const t of [...set.keys()])
		if (!topics.includes(t))
			set.delete(t);
}
