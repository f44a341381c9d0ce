// keep - the position across page loads, under a name in a storage.

const SAVE_MS = 250; // it is written so often at most

export class Keeper {
	#storage; #name; #host; #timer = 0;

	/** Without a name nothing is kept. */
	constructor(storage, name, host) {
		this.#storage = name ? storage : null;
		this.#name = `weir:${name}`;
		this.#host = host;
	}

	/** Resolves to what was kept, or to nothing. */
	async load() {
		try {
			return await this.#storage?.getItem(this.#name);
		} catch (e) {
			this.#host.error(e);
			return null;
		}
	}

	async save() {
		const position = this.#host.position();

		clearTimeout(this.#timer);
		this.#timer = 0;
		if (!position)
			return;
		try {
			await this.#storage?.setItem(this.#name, position);
		} catch (e) {
			this.#host.error(e);
		}
	}

	saveLater() {
		if (this.#storage && !this.#timer)
			this.#timer = setTimeout(() => this.save(), SAVE_MS);
	}
}
