"""The services of the blog's content."""

from app.content.services.article_writing import ArticleWriting
from app.content.services.articles import ArticleService
from app.content.services.authors import AuthorService
from app.content.services.categories import CategoryService
from app.content.services.comparisons import ComparisonService
from app.content.services.drafts import DraftService
from app.content.services.former_paths import FormerPaths
from app.content.services.permalinks import Permalinks
from app.content.services.publications import PublicationService
from app.content.services.redirect_files import RedirectFiles
from app.content.services.redirects import RedirectService
from app.content.services.resolver import Resolver
from app.content.services.revisions import RevisionService
from app.content.services.schedules import ScheduleService
from app.content.services.tags import TagService
from app.unit_of_work import UnitOfWork, per_unit


class ContentServices:
    def __init__(self, unit: UnitOfWork) -> None:
        self.unit = unit

    articles = per_unit(ArticleService)
    authors = per_unit(AuthorService)
    categories = per_unit(CategoryService)
    comparisons = per_unit(ComparisonService)
    drafts = per_unit(DraftService)
    permalinks = per_unit(Permalinks)
    publications = per_unit(PublicationService)
    revisions = per_unit(RevisionService)
    former_paths = per_unit(FormerPaths)
    redirect_files = per_unit(RedirectFiles)
    redirects = per_unit(RedirectService)
    resolver = per_unit(Resolver)
    schedules = per_unit(ScheduleService)
    tags = per_unit(TagService)
    writing = per_unit(ArticleWriting)
