//! One figure as people read it: its text, where it stands to its target, how it has changed.

use serde::Serialize;

use super::wording::{Localizer, column_heading, target_text};
use crate::definition::{Column, State, Target};
use crate::metric::Unit;
use crate::plan::{Absent, Figure};
use crate::table::rounding::Rounded;
use crate::table::{Change, Direction, Sense, Table, TableRow};

/// A figure as templates see it.
#[derive(Debug, Serialize)]
pub(super) struct FigureContext {
    /// With its unit, or a dash, or `not available`.
    pub(super) text: String,
    /// As `report.json` has it: a count, seconds, or percent 0 to 100; none where there is none.
    value: Option<f64>,
    /// True where there is no figure.
    absent: bool,
    /// The length of the bar, whole percent 0 to 100; none where the column has no bars.
    bar: Option<String>,
    /// The heading of its column.
    label: String,
    /// Its change, where it is compared with something.
    change: Option<ChangeContext>,
    /// Its state against its target, where it has one and a figure.
    state: Option<StateContext>,
    #[serde(skip)]
    absence: Option<Absent>,
}

#[derive(Debug, Serialize)]
struct ChangeContext {
    /// `+3.1%`, or `n/a`.
    text: String,
    /// The same without its sign: `3.1%`.
    amount: String,
    /// `up`, `down` or `level`.
    direction: Direction,
    /// `▲`, `▼` or nothing.
    arrow: &'static str,
    /// `better`, `worse` or `neutral`.
    sense: Sense,
    /// The word for it, so that nobody needs to see colours; nothing where it is neutral.
    word: &'static str,
    /// Percent, or percentage points; none where there is no change to be told.
    value: Option<f64>,
}

#[derive(Debug, Serialize)]
struct StateContext {
    /// `met`, `near` or `missed`.
    name: State,
    /// `✓`, `≈` or `✗`.
    sign: &'static str,
    /// The word, so that nobody needs to see colours.
    word: &'static str,
    /// The word, and of what: `missed ≥ 80%`.
    told: String,
}

/// A row as templates see it.
#[derive(Debug, Serialize)]
pub(super) struct RowContext {
    pub(super) names: Vec<String>,
    pub(super) figures: Vec<FigureContext>,
}

/// The figures of a row, or the totals, with what stands beside each.
#[derive(Clone, Copy)]
pub(super) struct Row<'t> {
    figures: &'t [Figure],
    compared: Option<&'t [Figure]>,
    states: &'t [Option<State>],
    own_targets: &'t [(usize, Target)],
}

impl<'t> Row<'t> {
    pub(super) fn new(table: &'t Table, row: &'t TableRow) -> Self {
        Self {
            figures: &row.figures,
            compared: table.comparison.as_ref().map(|_| row.compared.as_ref()),
            states: &row.states,
            own_targets: &row.own_targets,
        }
    }

    pub(super) fn totals(table: &'t Table) -> Self {
        Self {
            figures: &table.totals,
            compared: table.comparison.as_ref().map(|comparison| comparison.totals.as_slice()),
            states: &table.states,
            own_targets: &[],
        }
    }

    /// The figure of a column.
    pub(super) fn figure(&self, column: usize) -> Option<f64> {
        self.figures.get(column)?.value()
    }

    /// The state of a column's figure against its target.
    pub(super) fn state(&self, column: usize) -> Option<State> {
        self.states.get(column).copied().flatten()
    }

    /// The target of a column's figure: of its own, or that of the column.
    pub(super) fn target(&self, index: usize, column: &Column) -> Option<Target> {
        let own = self.own_targets.iter().find(|(of, _)| *of == index);
        own.map(|(_, target)| *target).or(column.target)
    }

    /// The figure of a column as it is shown, with as many decimals as what is said of it needs.
    pub(super) fn rounded(&self, index: usize, column: &Column) -> Option<Rounded> {
        Some(Rounded::beside_bounds(self.figure(index)?, column.unit, self.bounds(index, column)))
    }

    /// The bounds by which the figure of a column is judged: its target, and what is near that.
    pub(super) fn bounds(
        &self,
        index: usize,
        column: &Column,
    ) -> impl Iterator<Item = Target> + Clone + use<> {
        let target = self.state(index).and_then(|_| self.target(index, column));
        let near = column.warn.as_ref().map(|warn| warn.value).filter(|_| target.is_some());
        target.into_iter().chain(near)
    }

    /// The change of a column's figure, where it is compared with something and that can be told.
    pub(super) fn change(&self, index: usize, column: &Column) -> Option<Change> {
        let base = *self.compared?.get(index)?;
        Change::between(base, *self.figures.get(index)?, column.unit, column.polarity)
    }
}

/// The figures of a row under these columns.
pub(super) fn figure_contexts(
    columns: &[Column],
    row: Row<'_>,
    localizer: &Localizer,
) -> Vec<FigureContext> {
    let columns = columns.iter().zip(row.figures).enumerate();
    columns
        .map(|(index, (column, figure))| figure_context(row, index, column, *figure, localizer))
        .collect()
}

fn figure_context(
    row: Row<'_>,
    index: usize,
    column: &Column,
    figure: Figure,
    localizer: &Localizer,
) -> FigureContext {
    let shown = row.rounded(index, column);
    let percent = figure.value().filter(|_| column.unit == Unit::Percent);
    FigureContext {
        text: shown.map_or_else(
            || localizer.numbers.figure(figure, column.unit),
            |shown| localizer.numbers.rounded(shown, column.unit),
        ),
        value: figure.value(),
        absent: figure.absent().is_some(),
        bar: percent.map(|percent| format!("{:.0}", percent.clamp(0.0, 100.0))),
        label: column_heading(column),
        change: row.compared.map(|_| change_context(row.change(index, column), localizer)),
        state: row
            .state(index)
            .map(|state| state_context(state, row.target(index, column), column.unit, localizer)),
        absence: figure.absent(),
    }
}

fn change_context(change: Option<Change>, localizer: &Localizer) -> ChangeContext {
    let sense = change.map_or(Sense::Neutral, |change| change.sense);
    let direction = change.map_or(Direction::Level, Change::direction);
    ChangeContext {
        text: localizer.numbers.change(change),
        amount: change.map_or_else(String::new, |change| localizer.numbers.amount(change)),
        direction,
        arrow: match direction {
            Direction::Up => "▲",
            Direction::Down => "▼",
            Direction::Level => "",
        },
        sense,
        word: match sense {
            Sense::Better => localizer.language.say("better"),
            Sense::Worse => localizer.language.say("worse"),
            Sense::Neutral => "",
        },
        value: change.map(Change::number),
    }
}

fn state_context(
    state: State,
    target: Option<Target>,
    unit: Unit,
    localizer: &Localizer,
) -> StateContext {
    let (sign, word) = match state {
        State::Met => ("✓", localizer.language.say("met")),
        State::Near => ("≈", localizer.language.say("near")),
        State::Missed => ("✗", localizer.language.say("missed")),
    };
    let target = target.map(|target| format!(" {}", target_text(&target, unit, localizer)));
    StateContext { name: state, sign, word, told: format!("{word}{}", target.unwrap_or_default()) }
}

impl FigureContext {
    /// The figure on a line of text, with the sign of where it stands: `78.4% ✗`.
    pub(super) fn plain_text(&self) -> String {
        let sign = self.state.as_ref().map(|state| state.sign);
        sign.map_or_else(|| self.text.clone(), |sign| format!("{} {sign}", self.text))
    }

    /// The change on a line of text, with a mark where it is worse: `−4.5 pp !`.
    pub(super) fn plain_change(&self) -> Option<String> {
        let change = self.change.as_ref()?;
        let mark = if change.sense == Sense::Worse { " !" } else { "" };
        Some(format!("{}{mark}", change.text))
    }

    /// Tells whether a dash stands in its place.
    pub(super) fn is_dash(&self) -> bool {
        matches!(self.absence, Some(Absent::NoData | Absent::NotComputable))
    }

    /// Tells whether it says that it is not available.
    pub(super) fn is_unavailable(&self) -> bool {
        self.absence == Some(Absent::NotAvailable)
    }
}
