"""Dashboards in Grafana's own JSON, by its foundation SDK."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import bargauge, common, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as words
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from understudy_monitoring.board import HEIGHT, NO_DATA, UNKNOWN, Board, Panel, Row, steps
from understudy_monitoring.rule import RUNBOOKS

SOURCE: Final = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
_UNKNOWN: Final = models.SpecialValueMap(
    models.DashboardSpecialValueMapOptions(models.SpecialValueMatch.NA_N, models.ValueMappingResult(text=UNKNOWN))
)
Builder = stat.Panel | timeseries.Panel | bargauge.Panel | table.Panel


def as_json(board: Board) -> str:
    """The dashboard's file. The same board gives the same file."""
    made = (
        build.Dashboard(board.title)
        .uid(board.uid)
        .description(board.says)
        .tags(["understudy"])
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("browser")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .readonly()
        .with_variable(build.DatasourceVariable("datasource").type("prometheus").label("Data source"))
        .link(build.DashboardLink("Understudy").type(models.DashboardLinkType.DASHBOARDS).tags(["understudy"]))
    )
    for row in board.rows:
        made = _with(made, row)
    return JSONEncoder(sort_keys=True, indent=2).encode(made.build()) + "\n"


def _with(made: build.Dashboard, row: Row) -> build.Dashboard:
    made = made.with_row(build.Row(row.title))
    for panel in row.panels:
        made = made.with_panel(_panel(panel))
    return made


def _panel(panel: Panel) -> Builder:
    made = _shaped(panel).title(panel.title).description(panel.says).datasource(SOURCE).unit(panel.unit)
    made = made.height(HEIGHT).span(panel.width).no_value(NO_DATA)
    if panel.decimals is not None:
        made = made.decimals(panel.decimals)
    made = made.thresholds(_thresholds(panel))
    if panel.alert:
        link = build.DashboardLink(f"Runbook: {panel.alert}").type(models.DashboardLinkType.LINK)
        made = made.links([link.url(f"{RUNBOOKS}/{panel.alert}.md").target_blank(True)])
    for number, query in enumerate(panel.queries):
        asked = prometheus.Dataquery().expr(query.expr).legend_format(query.legend or "__auto").ref_id(chr(65 + number))
        made = made.with_target(
            asked.instant().format(PromQueryFormat.TABLE) if panel.kind == "table" else asked.range()
        )
    return made


def _shaped(panel: Panel) -> Builder:
    match panel.kind:
        case "number":
            shown = common.ReduceDataOptions().calcs(["last"])
            return stat.Panel().reduce_options(shown).graph_mode(words.BigValueGraphMode.AREA).mappings([_UNKNOWN])
        case "bars":
            shown = common.ReduceDataOptions().calcs(["lastNotNull"])
            return bargauge.Panel().reduce_options(shown).orientation(words.VizOrientation.HORIZONTAL)
        case "table":
            without_time = models.DataTransformerConfig(id_val="organize", options={"excludeByName": {"Time": True}})
            return table.Panel().with_transformation(without_time)
        case "lines":
            legend = common.VizLegendOptions().display_mode(words.LegendDisplayMode.TABLE).calcs(["lastNotNull", "max"])
            legend = legend.placement(words.LegendPlacement.BOTTOM).show_legend(True)
            legend = legend.sort_by("Last *").sort_desc(True)
            made = timeseries.Panel().legend(legend).fill_opacity(10).line_width(1).min(0)
            if panel.bounds is not None:
                dashed = words.GraphTresholdsStyleMode.DASHED
                made = made.thresholds_style(common.GraphThresholdsStyleConfig().mode(dashed))
            return made.max(1) if panel.unit == "percentunit" else made


def _thresholds(panel: Panel) -> build.ThresholdsConfig:
    """Without bounds one colour: Grafana would call any number of 80 and more red."""
    made = [models.Threshold(value=value, color=colour) for value, colour in steps(panel.bounds)]
    return build.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(made)
