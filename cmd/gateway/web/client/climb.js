// climb - looks for a better kind of link, less and less often, while a lesser
// one carries the events.
import { backoffMs } from './parts.js';

const CLIMB_MS = 5000, CLIMB_MOST_MS = 300000; // between two looks

export class Climb {
	probe = null; // the link that is tried
	#first; #most; #make; #rung = 0; #timer = 0; #looks = 0;

	/** make(rung) gives a link; the first rung is the best. */
	constructor({ first = CLIMB_MS, most = CLIMB_MOST_MS } = {}, make) {
		this.#first = first;
		this.#most = most;
		this.#make = make;
	}

	/** The events come by this rung now. */
	from(rung) {
		clearTimeout(this.#timer);
		this.#rung = rung;
		if (rung > 0)
			this.#timer = setTimeout(() => this.#look(0),
				backoffMs(this.#looks++, this.#first, this.#most));
		else
			this.#looks = 0;
	}

	#look(rung) {
		this.probe = this.#make(rung);
		this.probe.start();
	}

	/** The probe has failed. */
	failed() {
		const next = this.probe.rung + 1;

		this.probe = null;
		if (next < this.#rung)
			this.#look(next);
		else
			this.from(this.#rung);
	}

	/** The probe, which is up, is the caller's from now on. */
	take() {
		const link = this.probe;

		this.probe = null;
		return link;
	}

	/** As if it had not looked before. */
	forget() {
		this.#looks = 0;
	}

	stop() {
		clearTimeout(this.#timer);
		this.probe?.close();
		this.probe = null;
	}
}
