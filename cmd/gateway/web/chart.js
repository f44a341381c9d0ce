// chart - one item's price over time, with its target. Dygraphs draws it.

const css = (name) => getComputedStyle(document.documentElement)
	.getPropertyValue(name).trim();

// The legend is not shown, but would set an inline style, which our own
// Content-Security-Policy refuses.
Dygraph.PLUGINS = Dygraph.PLUGINS.filter((p) => p !== Dygraph.Plugins.Legend);

// Few digits where they are many: 12.4k
const short = new Intl.NumberFormat('en', {
	notation: 'compact', maximumSignificantDigits: 4,
});

export class Chart {
	#box; #graph = null; #target = null; #rows = []; #spanMs = 0; #drawn = 0;

	#onPoint;

	// onPoint(time, value) while somebody points at a place, onPoint() after
	constructor(box, onPoint) {
		this.#box = box;
		this.#onPoint = onPoint;
	}

	// rows: [Date, Number] in order; the newest spanMs of them are shown
	setRows(rows, spanMs) {
		this.#rows = rows;
		this.#spanMs = spanMs;
		this.#draw();
	}

	add(time, value) {
		this.#rows.push([time, value]);
		this.#draw();
	}

	setTarget(target) {
		this.#target = target;
		this.#draw();
	}

	repaint() {
		this.#graph?.destroy();
		this.#graph = null;
		this.#draw();
	}

	// At most once a frame, however much comes.
	#draw() {
		if (!this.#drawn)
			this.#drawn = requestAnimationFrame(() => {
				this.#drawn = 0;
				this.#drawNow();
			});
	}

	// A price holds until the next one: the line goes on to now.
	#shown() {
		const now = new Date();
		const from = new Date(now - this.#spanMs);
		const rows = this.#rows.filter(([t]) => t >= from);
		const before = this.#rows[this.#rows.length - rows.length - 1];

		if (before)
			rows.unshift([from, before[1]]);
		if (rows.length && rows[rows.length - 1][0] < now)
			rows.push([now, rows[rows.length - 1][1]]);
		return rows;
	}

	#bounds(rows) {
		const all = rows.map((r) => r[1]);

		if (this.#target !== null)
			all.push(this.#target);
		const low = Math.min(...all), high = Math.max(...all);
		const pad = (high - low) * 0.12 || Math.abs(high) * 0.02 || 1;

		return [low - pad, high + pad];
	}

	#drawTarget(ctx, area, graph) {
		if (this.#target === null)
			return;
		const y = Math.round(graph.toDomYCoord(this.#target)) + 0.5;

		ctx.save();
		ctx.strokeStyle = css('--good');
		ctx.lineWidth = 1.5;
		ctx.setLineDash([5, 4]);
		ctx.beginPath();
		ctx.moveTo(area.x, y);
		ctx.lineTo(area.x + area.w, y);
		ctx.stroke();
		ctx.restore();
	}

	#options(rows) {
		return {
			file: rows,
			labels: ['time', 'price'],
			valueRange: this.#bounds(rows),
			colors: [css('--accent')],
			gridLineColor: css('--line'),
			underlayCallback: (...a) => this.#drawTarget(...a),
		};
	}

	#drawNow() {
		const rows = this.#shown();

		this.#box.hidden = rows.length === 0;
		if (rows.length === 0 || !this.#box.isConnected)
			return;
		if (this.#graph) {
			this.#graph.updateOptions(this.#options(rows));
			return;
		}
		this.#graph = new Dygraph(this.#box, rows, {
			...this.#options(rows),
			stepPlot: true,
			fillGraph: true,
			fillAlpha: 0.12,
			strokeWidth: 2,
			highlightCircleSize: 4,
			highlightCallback: (e, x, points) =>
				this.#onPoint(new Date(x), points[0].yval),
			unhighlightCallback: () => this.#onPoint(),
			interactionModel: {}, // a finger scrolls the page
			xRangePad: 4,
			axisLineColor: 'transparent',
			axes: {
				x: { drawGrid: false, axisLabelFontSize: 11,
				     pixelsPerLabel: 52 },
				y: { axisLabelFontSize: 11, axisLabelWidth: 46,
				     pixelsPerLabel: 34, axisLineColor: 'transparent',
				     axisLabelFormatter: (v) => short.format(v) },
			},
		});
	}
}
